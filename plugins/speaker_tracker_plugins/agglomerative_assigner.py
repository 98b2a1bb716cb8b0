"""``agglomerative_assigner``: gives speech to speakers by agglomerative clustering of its embeddings, with one threshold.

In the place of ``kmeans_assigner`` where its many figures are too much: each window goes to the speaker it sounds most like, and
every few seconds all windows are clustered again, by average linkage of cosines (Day and Edelsbrunner, 1984), up to a cosine that
comes with the model. Simpler and easier to follow, and less accurate; new speakers are found at the next clustering only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.events import SAMPLE_RATE, Event, SpeakerNow, SpeakersAssigned, SpeechEnded, VoiceEmbedding
from speaker_tracker.stage import Answer, LoadedStage, SessionInfo, StageBase, StageOptions, StageSpec, State
from speaker_tracker_stages.assignments import announce
from speaker_tracker_stages.evidence import NOBODY, Evidence, Item
from speaker_tracker_stages.model_identity import check_comparable, identity
from speaker_tracker_stages.speaker_matching import match_speakers
from speaker_tracker_stages.voice_clustering import unit

Labels = NDArray[np.intp]

OFTEN_UNTIL_SECONDS = 20.0
OFTEN = 4
"""So many times as often the windows are clustered at first, when little is needed to look again."""


class AgglomerativeAssignerOptions(StageOptions):
    """Options of ``agglomerative_assigner``."""

    cosine_offset: Annotated[float, Field(ge=-1, le=1)] = Field(
        -0.08, description="added to the model's same_voice_cosine; groups that are on average more alike are one voice"
    )
    min_speaker_seconds: Annotated[float, Field(gt=0, le=60)] = Field(2.0, description="speech that makes a group a speaker")
    refit_seconds: Annotated[float, Field(gt=0, le=60)] = Field(4.0, description="speech between two clusterings")
    max_recent_windows: Annotated[int, Field(ge=40, le=2000)] = Field(480, description="windows remembered one by one")
    max_groups: Annotated[int, Field(ge=20, le=2000)] = Field(120, description="groups that older windows are condensed to")


class AgglomerativeAssigner(StageBase):
    """One session's speakers."""

    def __init__(self, options: AgglomerativeAssignerOptions, session: SessionInfo) -> None:
        self._options = options
        self._num_speakers = session.num_speakers
        self._evidence = Evidence(options.max_recent_windows, options.max_groups)
        self._model: tuple[str, int] | None = None
        self._cosine = 0.0
        self._seconds = 0.0
        self._refit_at = 0.0
        self._speakers: list[int] = []
        self._centroids = np.zeros((0, 0), dtype=np.float32)
        self._final = False

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes embeddings; the end of speech ends the guess at who speaks."""
        match event:
            case VoiceEmbedding():
                yield from self._hear(event)
            case SpeechEnded():
                yield SpeakerNow(event.end, ())
        yield event

    def flush(self) -> Iterator[Answer]:
        """Clusters everything once more; what comes out is final."""
        if self._evidence.recent and not self._final:
            self._final = True
            self._refit()
            yield from announce(self._evidence)

    def snapshot(self) -> State:
        """Windows, whose they are and of which model; no audio."""
        return {
            "evidence": self._evidence.snapshot(),
            "model": None if self._model is None else list(self._model),
            "cosine": self._cosine,
            "seconds": self._seconds,
            "refit_at": self._refit_at,
        }

    def restore(self, state: State) -> None:
        """Goes on with the same speakers."""
        self._evidence.restore(cast(State, state["evidence"]))
        if state["model"] is not None:
            name, dimension = cast("tuple[str, int]", state["model"])
            self._model = (name, dimension)
        self._cosine, self._seconds = cast(float, state["cosine"]), cast(float, state["seconds"])
        self._refit_at = cast(float, state["refit_at"])
        self._learn_centroids()

    def _hear(self, event: VoiceEmbedding) -> Iterator[Event]:
        if self._model is None:
            self._model, self._cosine = identity(event.model), event.model.same_voice_cosine + self._options.cosine_offset
        check_comparable(event.model, self._model)
        seconds = (event.end - event.start) / SAMPLE_RATE
        speaker = self._most_alike(event.vector)
        item = Item(event.vector * np.float32(seconds), seconds, [(event.start, event.end)], label=speaker, owner=speaker)
        self._evidence.recent.append(item)
        self._seconds += seconds
        if self._seconds >= self._refit_at:
            self._refit()
        yield from announce(self._evidence)
        self._evidence.condense()
        yield SpeakerNow(event.heard_end, () if item.label == NOBODY else (item.label,))

    def _most_alike(self, vector: NDArray[np.float32]) -> int:
        """The speaker that a window sounds most like, ``NOBODY`` where it sounds like none of a full set."""
        if not self._speakers:
            return 0
        cosines = self._centroids @ vector
        best = int(cosines.argmax())
        unlike = cosines[best] < self._cosine and len(self._speakers) == self._num_speakers
        return NOBODY if unlike else self._speakers[best]

    def _refit(self) -> None:
        often = OFTEN if self._seconds < OFTEN_UNTIL_SECONDS else 1
        self._refit_at = self._seconds + self._options.refit_seconds / often
        everything = list(self._evidence)
        vectors = unit(np.stack([item.vector for item in everything]))
        seconds = np.array([item.samples for item in everything]) / SAMPLE_RATE
        voices = self._voices(vectors, seconds)
        given = voices != NOBODY
        first_heard = [
            min(item.stretches[0][0] for item, own in zip(everything, voices == voice, strict=True) if own)
            for voice in range(int(voices.max()) + 1)
        ]
        owners = np.array([item.owner for item in everything])
        speakers = match_speakers(voices[given], owners[given], seconds[given], first_heard, self._num_speakers)
        for item, voice in zip(everything, voices.tolist(), strict=True):
            item.voice = voice
            item.label = item.owner = NOBODY if voice == NOBODY else speakers[voice]
        self._learn_centroids()

    def _voices(self, vectors: NDArray[np.float32], seconds: NDArray[np.float64]) -> Labels:
        """Of each item, numbered from 0; ``NOBODY`` for groups that are too short and unlike all others."""
        groups = _average_linkage(vectors, self._cosine)
        times = np.bincount(groups, weights=seconds)
        counting = np.flatnonzero(times >= min(self._options.min_speaker_seconds, times.max()))
        centroids = unit(np.stack([(vectors * seconds[:, np.newaxis])[groups == group].sum(axis=0) for group in range(len(times))]))
        cosines = centroids @ centroids[counting].T
        nearest = cosines.argmax(axis=1)
        nearest[cosines.max(axis=1) < self._cosine] = NOBODY
        nearest[counting] = np.arange(len(counting))
        return np.asarray(nearest[groups], dtype=np.intp)

    def _learn_centroids(self) -> None:
        labels = np.array([item.label for item in self._evidence], dtype=np.intp)
        self._speakers = sorted(set(labels.tolist()) - {NOBODY})
        if self._speakers:
            sums = np.stack([item.vector for item in self._evidence])
            self._centroids = unit(np.stack([sums[labels == speaker].sum(axis=0) for speaker in self._speakers]))


def _average_linkage(vectors: NDArray[np.float32], cosine: float) -> Labels:
    from sklearn.cluster import AgglomerativeClustering  # noqa: PLC0415 - heavy, only where the stage is used

    if len(vectors) == 1:
        return np.zeros(1, dtype=np.intp)
    clustering = AgglomerativeClustering(None, metric="cosine", linkage="average", distance_threshold=1.0 - cosine)
    return np.asarray(clustering.fit(vectors).labels_, dtype=np.intp)


def _load(options: AgglomerativeAssignerOptions) -> LoadedStage:
    import sklearn.cluster  # noqa: F401, PLC0415 - so that no session has to wait for it

    return LoadedStage(lambda session: AgglomerativeAssigner(options, session))


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``agglomerative_assigner``."""
    return [
        StageSpec(
            name="agglomerative_assigner",
            summary="gives speech to speakers by average linkage of embeddings",
            options=AgglomerativeAssignerOptions,
            consumes=frozenset({VoiceEmbedding, SpeechEnded}),
            produces=frozenset({SpeakersAssigned, SpeakerNow}),
            load=_load,
            cpu_heavy=True,
        )
    ]
