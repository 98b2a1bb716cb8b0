"""``agglomerative_assigner``: speakers by agglomerative clustering of embeddings, with one threshold.

A simple alternative to ``kmeans_assigner``: each window goes to the speaker with the most similar centroid, and every few seconds
all windows are clustered again, by average linkage of cosines (Day and Edelsbrunner, "Efficient algorithms for agglomerative
hierarchical clustering methods", Journal of Classification, 1984), up to a threshold that comes with the model. Easier to follow
and less accurate; new speakers are found at the next clustering only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.events import (
    SAMPLE_RATE,
    Event,
    SpeakerNow,
    SpeakersAssigned,
    SpeakersNamed,
    SpeechEnded,
    VoiceEmbedding,
    VoiceprintsMade,
)
from speaker_tracker.stage import Answer, LoadedStage, SessionInfo, StageBase, StageOptions, StageSpec, State
from speaker_tracker_stages.assigning.announcing import announce
from speaker_tracker_stages.assigning.arrays import Labels, unit_length
from speaker_tracker_stages.assigning.evidence import NOBODY, Evidence, Item
from speaker_tracker_stages.assigning.known_speakers import KnownSpeakers
from speaker_tracker_stages.assigning.matching import match_speakers

EARLY_SECONDS = 20.0
"""Speech at the begin of a session during which clusterings are more frequent, as they are cheap then."""
EARLY_REFIT_FACTOR = 4
"""How many times as frequent they are."""


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
        self._seconds = 0.0
        self._refit_at = 0.0
        self._speakers: list[int] = []
        self._centroids = np.zeros((0, 0), dtype=np.float32)
        self._final = False
        self._known_speakers = KnownSpeakers(session, per_second=1.0)

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes embeddings and ends of speech; answers with labels and with who speaks now."""
        match event:
            case VoiceEmbedding():
                yield from self._hear(event)
            case SpeechEnded():
                yield SpeakerNow(event.end, ())
        yield event

    def flush(self) -> Iterator[Answer]:
        """Clusters all windows once more; these labels are final."""
        if self._evidence.recent and not self._final:
            self._final = True
            self._refit()
            yield from announce(self._evidence)
            yield from self._known_speakers.tell(self._evidence, self._seconds, final=True)

    def snapshot(self) -> State:
        """Windows with their labels, and their model; no audio."""
        return {
            "evidence": self._evidence.snapshot(),
            "known_speakers": self._known_speakers.snapshot(),
            "seconds": self._seconds,
            "refit_at": self._refit_at,
        }

    def restore(self, state: State) -> None:
        """Goes on with the same speakers."""
        self._evidence.restore(cast(State, state["evidence"]))
        self._known_speakers.restore(cast(State, state["known_speakers"]))
        self._seconds = cast(float, state["seconds"])
        self._refit_at = cast(float, state["refit_at"])
        self._update_centroids()

    def _hear(self, event: VoiceEmbedding) -> Iterator[Event]:
        self._evidence.check_model(event.model)
        seconds = (event.end - event.start) / SAMPLE_RATE
        speaker = self._most_similar(event.vector)
        stretch, heard = (event.start, event.end), (event.heard_start, event.heard_end)
        item = Item(event.vector * np.float32(seconds), seconds, [stretch], heard, label=speaker, anchor=speaker)
        self._evidence.recent.append(item)
        self._seconds += seconds
        if self._seconds >= self._refit_at:
            self._refit()
        yield from announce(self._evidence)
        yield from self._known_speakers.tell(self._evidence, self._seconds)
        self._evidence.condense()
        yield SpeakerNow(event.heard_end, () if item.label == NOBODY else (item.label,))

    @property
    def _threshold(self) -> float:
        """Cosine from which on two groups are one voice."""
        assert self._evidence.model is not None  # noqa: S101 - known from the first embedding on
        return self._evidence.model.same_voice_cosine + self._options.cosine_offset

    def _most_similar(self, vector: NDArray[np.float32]) -> int:
        """The speaker with the most similar centroid; ``NOBODY`` where all speakers are known and none is similar enough."""
        if not self._speakers:
            return 0
        cosines = self._centroids @ vector
        best = int(cosines.argmax())
        is_stranger = cosines[best] < self._threshold and len(self._speakers) == self._num_speakers
        return NOBODY if is_stranger else self._speakers[best]

    def _refit(self) -> None:
        factor = EARLY_REFIT_FACTOR if self._seconds < EARLY_SECONDS else 1
        self._refit_at = self._seconds + self._options.refit_seconds / factor
        items = list(self._evidence)
        vectors = unit_length(np.stack([item.vector for item in items]))
        seconds = np.array([item.samples for item in items]) / SAMPLE_RATE
        voices = self._voices(vectors, seconds)
        given = voices != NOBODY
        first_heard = [
            min(item.stretches[0][0] for item, own in zip(items, voices == voice, strict=True) if own)
            for voice in range(int(voices.max()) + 1)
        ]
        anchors = np.array([item.anchor for item in items])
        speakers = match_speakers(voices[given], anchors[given], seconds[given], first_heard, self._num_speakers)
        for item, voice in zip(items, voices.tolist(), strict=True):
            item.voice = voice
            item.label = item.anchor = NOBODY if voice == NOBODY else speakers[voice]
        self._update_centroids()

    def _voices(self, vectors: NDArray[np.float32], seconds: NDArray[np.float64]) -> Labels:
        """The voice of each item, numbered from 0; ``NOBODY`` for groups that are too short and similar to no other."""
        groups = _average_linkage(vectors, self._threshold)
        times = np.bincount(groups, weights=seconds)
        counting = np.flatnonzero(times >= min(self._options.min_speaker_seconds, times.max()))
        centroids = unit_length(
            np.stack([(vectors * seconds[:, np.newaxis])[groups == group].sum(axis=0) for group in range(len(times))])
        )
        cosines = centroids @ centroids[counting].T
        nearest = cosines.argmax(axis=1)
        nearest[cosines.max(axis=1) < self._threshold] = NOBODY
        nearest[counting] = np.arange(len(counting))
        return np.asarray(nearest[groups], dtype=np.intp)

    def _update_centroids(self) -> None:
        labels = np.array([item.label for item in self._evidence], dtype=np.intp)
        self._speakers = sorted(set(labels.tolist()) - {NOBODY})
        if self._speakers:
            sums = np.stack([item.vector for item in self._evidence])
            self._centroids = unit_length(np.stack([sums[labels == speaker].sum(axis=0) for speaker in self._speakers]))


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
            produces=frozenset({SpeakersAssigned, SpeakerNow, SpeakersNamed, VoiceprintsMade}),
            load=_load,
            cpu_heavy=True,
        )
    ]
