"""``kmeans_assigner``: gives speech to speakers by clustering its embeddings, and corrects itself as evidence grows.

Each window is given to the most similar centroid along the smoothest path; every few seconds of speech all evidence is clustered
again with scikit-learn's KMeans. New centroids are matched one to one to the speakers known so far, so ids keep to their voices.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Annotated, cast

import numpy as np
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.events import (
    SAMPLE_RATE,
    Event,
    SpeakerNow,
    SpeakersAssigned,
    SpeakerSpan,
    SpeechEnded,
    VoiceEmbedding,
    VoiceModel,
)
from speaker_tracker.stage import (
    Answer,
    LoadedStage,
    SessionInfo,
    StageBase,
    StageOptions,
    StageSpec,
    State,
    StateMismatch,
    float_array,
)
from speaker_tracker_stages.evidence import NOBODY, Evidence, Item
from speaker_tracker_stages.path_smoother import PathSmoother, best_path
from speaker_tracker_stages.speaker_matching import match_speakers
from speaker_tracker_stages.voice_clustering import Separation, Vectors, Voices, find_foreign, find_voices, unit


class KMeansAssignerOptions(StageOptions):
    """Options of ``kmeans_assigner``.

    Cosines are given as places between the model's ``same_voice_cosine`` (0) and 1 (1), so that they fit any model.
    """

    lag_windows: Annotated[int, Field(ge=0, le=20)] = Field(1, description="windows to wait for before a label is announced")
    refit_seconds: Annotated[float, Field(gt=0, le=60)] = Field(2.0, description="speech between two clusterings, at first")
    refit_growth: Annotated[float, Field(ge=0, le=1)] = Field(0.05, description="and as a share of the speech so far, later")
    refit_seconds_max: Annotated[float, Field(gt=0, le=600)] = Field(8.0, description="and at most")
    min_voice_seconds: Annotated[float, Field(ge=0, le=30)] = Field(1.5, description="speech that makes a new speaker")
    distinct_at: Annotated[float, Field(ge=-1, le=1)] = Field(0.8, description="two centroids more alike than this are one voice")
    doubt: Annotated[float, Field(ge=0, le=2)] = Field(0.7, description="less alike by this with one second of speech of a voice")
    foreign_at: Annotated[float, Field(ge=-1, le=1)] = Field(
        0.35, description="a voice beyond num_speakers is no more alike to any other than this"
    )
    foreign_seconds: Annotated[float, Field(ge=0, le=60)] = Field(4.0, description="speech that makes a voice beyond num_speakers")
    max_recent_windows: Annotated[int, Field(ge=40, le=10_000)] = Field(480, description="windows remembered one by one")
    max_groups: Annotated[int, Field(ge=20, le=2000)] = Field(120, description="groups that older windows are condensed to")

    def separation(self, model: VoiceModel) -> Separation:
        """The thresholds for a model, from its calibration."""
        same, scale = model.same_voice_cosine, 1.0 - model.same_voice_cosine
        return Separation(
            distinct=same + self.distinct_at * scale,
            doubt=self.doubt * scale,
            foreign=same + self.foreign_at * scale,
            min_seconds=self.min_voice_seconds,
            foreign_seconds=self.foreign_seconds,
        )


class KMeansAssigner(StageBase):
    """One session's speakers."""

    def __init__(self, options: KMeansAssignerOptions, session: SessionInfo) -> None:
        self._options = options
        self._num_speakers = session.num_speakers
        self._evidence = Evidence(options.max_recent_windows, options.max_groups)
        self._separation: Separation | None = None
        self._centroids: Vectors = np.empty((0, 0), np.float32)
        self._speakers: list[int] = []
        self._smoother = PathSmoother(0, 1)
        self._seconds = 0.0
        self._refit_at = 0.0
        self._model: list[str | int] = []
        self._final = False

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes embeddings; the end of speech ends the guess at who speaks."""
        match event:
            case VoiceEmbedding():
                yield from self._hear(event)
            case SpeechEnded():
                # A pause may be long; what is known by now is not held back until somebody speaks again.
                yield from self._announce(len(self._evidence.recent))
                yield SpeakerNow(event.end, ())
        yield event

    def flush(self) -> Iterator[Answer]:
        """Clusters everything once more; what comes out is final."""
        if self._evidence.recent and not self._final:
            self._final = True
            self._refit(final=True)
            yield from self._announce(len(self._evidence.recent))

    # -- window by window --------------------------------------------------------------------------------------------------------

    def _hear(self, event: VoiceEmbedding) -> Iterator[Event]:
        model: list[str | int] = [event.model.name, event.model.dimension]
        if self._separation is None:
            self._separation, self._model = self._options.separation(event.model), model
        if model != self._model:
            raise StateMismatch(f"embeddings of {model} came after those of {self._model}, and the two cannot be compared")
        if not len(self._centroids):
            self._take(event.vector[np.newaxis], [0])
        # A window's embedding is the surer the more it heard.
        weight = ((event.heard_end - event.heard_start) / SAMPLE_RATE) ** 2
        self._evidence.recent.append(Item(event.vector * np.float32(weight), weight, [(event.start, event.end)]))
        self._smoother.push(self._centroids @ event.vector)
        self._label_newest(self._options.lag_windows + 1)
        self._seconds += (event.end - event.start) / SAMPLE_RATE
        if self._seconds >= self._refit_at:
            self._refit()
        yield from self._announce(len(self._evidence.recent) - self._options.lag_windows)
        self._evidence.condense()
        newest = self._evidence.recent[-1].label
        yield SpeakerNow(event.heard_end, () if newest == NOBODY else (newest,))

    def _label_newest(self, windows: int) -> None:
        unsaid = [item for item in self._evidence.recent[-windows:] if item.said is None]
        if unsaid:
            path = self._smoother.tail(len(unsaid))
            for item, voice in zip(unsaid[-len(path) :], path, strict=True):
                item.label = self._speakers[voice]

    def _announce(self, recent: int) -> Iterator[Event]:
        """What was never said of the first ``recent`` of the recent windows, and what is no longer as it was said."""
        new = self._evidence.recent[: max(0, recent)]
        changed = [item for item in (*self._evidence.groups, *new) if item.said != item.label]
        run: list[tuple[int, int, int]] = []
        for start, end, label in sorted((start, end, item.label) for item in changed for start, end in item.stretches):
            if run and run[-1][1:] == (start, label):
                run[-1] = (run[-1][0], end, label)
            else:
                run.append((start, end, label))
        for item in changed:
            item.said = item.label
        for start, end, label in run:
            yield SpeakersAssigned(start, end, () if label == NOBODY else (SpeakerSpan(start, end, label),))

    # -- all at once -------------------------------------------------------------------------------------------------------------

    def _refit(self, *, final: bool = False) -> None:
        options = self._options
        growing = min(options.refit_seconds_max, max(options.refit_seconds, self._seconds * options.refit_growth))
        # The first seconds decide who is who, and little is needed to look again.
        self._refit_at = self._seconds + (growing if self._seconds > 3 * options.refit_seconds else options.refit_seconds / 4)
        assert self._separation is not None  # noqa: S101 - set with the first embedding
        items = self._evidence.items()
        everything = list(self._evidence)
        owners = np.array([item.label if item.owner == NOBODY else item.owner for item in everything])
        voices = find_voices(items, self._num_speakers, self._separation, self._centroids, final=final)
        tracked = len(voices.centroids)
        if tracked == self._num_speakers and (more := find_foreign(items, voices, self._separation)) is not None:
            voices = more
        speakers = match_speakers(voices.labels, owners, items.seconds, _first_heard(voices, everything), self._num_speakers)
        self._take(voices.centroids, speakers)
        self._relabel(items.vectors)
        all_apart = set(owners.tolist()) <= {NOBODY, *speakers}
        for item in everything:
            if all_apart or item.owner == NOBODY:
                item.owner = item.label

    def _take(self, centroids: Vectors, speakers: list[int]) -> None:
        self._centroids = unit(centroids)
        self._speakers = speakers
        memory = self._options.lag_windows + 1
        self._smoother = PathSmoother(len(speakers), memory)
        for item in self._evidence.recent[-10 * memory :]:
            self._smoother.push(self._centroids @ (item.vector / np.float32(item.weight)))

    def _relabel(self, vectors: Vectors) -> None:
        similarities = vectors @ self._centroids.T
        groups = len(self._evidence.groups)
        for group, voice in zip(self._evidence.groups, similarities[:groups].argmax(axis=1), strict=True):
            group.label = self._speakers[voice]
        for item, voice in zip(self._evidence.recent, best_path(similarities[groups:]), strict=True):
            item.label = self._speakers[voice]

    # -- state -------------------------------------------------------------------------------------------------------------------

    def snapshot(self) -> State:
        """Evidence, centroids, whose they are and of which model; no audio. The path begins anew from the last windows."""
        separation = self._separation
        return {
            "evidence": self._evidence.snapshot(),
            "centroids": self._centroids,
            "speakers": list(self._speakers),
            "seconds": self._seconds,
            "refit_at": self._refit_at,
            "model": list(self._model),
            "separation": None if separation is None else [separation.distinct, separation.doubt, separation.foreign],
        }

    def restore(self, state: State) -> None:
        """Goes on with the same speakers."""
        self._evidence.restore(cast(State, state["evidence"]))
        self._seconds = cast(float, state["seconds"])
        self._refit_at = cast(float, state["refit_at"])
        self._model = list(cast("Sequence[str | int]", state["model"]))
        if state["separation"] is not None:
            distinct, doubt, foreign = cast(list[float], state["separation"])
            options = self._options
            self._separation = Separation(distinct, doubt, foreign, options.min_voice_seconds, options.foreign_seconds)
            self._take(float_array(state["centroids"]), list(cast(list[int], state["speakers"])))


def _first_heard(voices: Voices, everything: Sequence[Item]) -> list[int]:
    first = [0] * len(voices.centroids)
    for voice in range(len(first)):
        first[voice] = min((item.stretches[0][0] for item, label in zip(everything, voices.labels, strict=True) if label == voice))
    return first


def _load(options: KMeansAssignerOptions) -> LoadedStage:
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - heavy, only where the stage is used

    # Fewer groups than asked for is an answer like any other here: it is then tried with fewer.
    warnings.filterwarnings("ignore", category=ConvergenceWarning, module="sklearn")
    return LoadedStage(lambda session: KMeansAssigner(options, session))


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``kmeans_assigner``."""
    return [
        StageSpec(
            name="kmeans_assigner",
            summary="gives speech to speakers by KMeans on embeddings",
            options=KMeansAssignerOptions,
            consumes=frozenset({VoiceEmbedding, SpeechEnded}),
            produces=frozenset({SpeakersAssigned, SpeakerNow}),
            load=_load,
            cpu_heavy=True,
        )
    ]
