"""``kmeans_assigner``: gives speech to speakers by clustering its embeddings, and corrects itself as evidence grows.

Window by window, the likeliest ways to have told the voices apart are kept side by side (``hypotheses``). Every few seconds of
speech all evidence is clustered again with scikit-learn's KMeans, and the likeliest grouping kept (``voice_clustering``). Its
voices are matched one to one to the speakers known so far, so ids keep to their voices.
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
)
from speaker_tracker_stages.assignments import announce
from speaker_tracker_stages.evidence import NOBODY, Evidence, Item
from speaker_tracker_stages.hypotheses import BEYOND, VoiceHypotheses
from speaker_tracker_stages.model_identity import check_comparable, identity
from speaker_tracker_stages.speaker_matching import match_speakers
from speaker_tracker_stages.voice_clustering import Items, Labels, VoiceClustering
from speaker_tracker_stages.voice_likelihood import Prices, VoiceLikelihood

COUNTS_SAMPLES = 2 * SAMPLE_RATE
"""So much speech of a voice makes it count when the first voices are found; less may be a stray window of another one."""


class KMeansAssignerOptions(StageOptions):
    """Options of ``kmeans_assigner``. Prices are natural logarithms of how much less likely something is."""

    lag_windows: Annotated[int, Field(ge=0, le=20)] = Field(
        4, description="windows to wait for, at most, while a label is not sure"
    )
    sure: Annotated[float, Field(ge=0, le=1)] = Field(0.95, description="probability from which on a label is sure")
    refit_seconds: Annotated[float, Field(gt=0, le=60)] = Field(4.0, description="speech between two clusterings, at first")
    refit_growth: Annotated[float, Field(ge=0, le=1)] = Field(0.1, description="and as a share of the speech so far, later")
    refit_seconds_max: Annotated[float, Field(gt=0, le=600)] = Field(16.0, description="and at most")
    change_price: Annotated[float, Field(ge=0, le=50)] = Field(12.0, description="price of another voice than a moment ago")
    voice_price: Annotated[float, Field(ge=0, le=1000)] = Field(2.0, description="price of a voice that was not heard before")
    beyond_price: Annotated[float, Field(ge=0, le=1000)] = Field(
        20.0, description="and of one more than num_speakers, and of each observation of it; such voices are left out"
    )
    within_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.75, description="variance within a voice as a share of 1 - same_voice_cosine of the model"
    )
    manner_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05, description="variance between one voice's manners of speaking, as a share of the same"
    )
    dimension: Annotated[float, Field(ge=1, le=1000)] = Field(
        110.0, description="directions in which embeddings vary by themselves"
    )
    evidence_per_second: Annotated[float, Field(gt=0, le=20)] = Field(
        1.2, description="how many independent observations a second of speech is worth"
    )
    max_evidence: Annotated[float, Field(ge=10, le=100_000)] = Field(
        200.0, description="all observations together are worth no more than so many, as voices themselves change with time"
    )
    max_recent_windows: Annotated[int, Field(ge=40, le=10_000)] = Field(480, description="windows remembered one by one")
    max_groups: Annotated[int, Field(ge=20, le=2000)] = Field(120, description="groups that older windows are condensed to")

    @property
    def prices(self) -> Prices:
        """The prices."""
        return Prices(self.change_price, self.voice_price, self.beyond_price)

    def likelihood(self, same_voice_cosine: float) -> VoiceLikelihood:
        """For a model, from its calibration."""
        within = self.within_share * (1.0 - same_voice_cosine)
        return VoiceLikelihood(within, 1.0 - within, self.manner_share * (1.0 - same_voice_cosine), self.dimension)


class KMeansAssigner(StageBase):
    """One session's speakers."""

    def __init__(self, options: KMeansAssignerOptions, session: SessionInfo) -> None:
        self._options = options
        self._num_speakers = session.num_speakers
        self._evidence = Evidence(options.max_recent_windows, options.max_groups)
        self._clustering: VoiceClustering | None = None
        self._hypotheses: VoiceHypotheses | None = None
        self._speakers: list[int] = []
        self._after_pause = False
        self._seconds = 0.0
        self._refit_at = 0.0
        self._model: VoiceModel | None = None
        self._final = False

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes embeddings; the end of speech ends the guess at who speaks."""
        match event:
            case VoiceEmbedding():
                yield from self._hear(event)
            case SpeechEnded():
                # A pause may be long; what is known by now is not held back until somebody speaks again.
                yield from self._announce(len(self._evidence.recent))
                self._after_pause = True
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
        hypotheses = self._hypotheses_for(event.model)
        # A window that heard little is worth little.
        heard = min(1.0, (event.heard_end - event.heard_start) / SAMPLE_RATE / event.model.calibrated_seconds)
        seconds = (event.end - event.start) / SAMPLE_RATE
        worth = self._options.evidence_per_second * seconds * heard**2
        recent, stretch, span = self._evidence.recent, (event.start, event.end), (event.heard_start, event.heard_end)
        begins = self._after_pause or not recent or recent[-1].stretches[-1][1] != event.start
        recent.append(Item(event.vector * np.float32(worth), worth, [stretch], span, begins))
        hypotheses.push(event.vector, worth, stretch, span, after_pause=begins)
        self._after_pause = False
        self._label_newest(hypotheses)
        self._seconds += seconds
        if self._seconds >= self._refit_at:
            self._refit()
        yield from self._announce(self._sure_windows(hypotheses))
        self._evidence.condense()
        newest = self._evidence.recent[-1].label
        yield SpeakerNow(event.heard_end, () if newest == NOBODY else (newest,))

    def _hypotheses_for(self, model: VoiceModel) -> VoiceHypotheses:
        if self._hypotheses is None or self._model is None:
            self._use(model)
        else:
            check_comparable(model, identity(self._model))
        assert self._hypotheses is not None  # noqa: S101 - begun above
        return self._hypotheses

    def _use(self, model: VoiceModel) -> None:
        likelihood = self._options.likelihood(model.same_voice_cosine)
        self._model, self._clustering = model, VoiceClustering(likelihood, self._options.prices, self._num_speakers)
        self._hypotheses = VoiceHypotheses(
            likelihood,
            self._options.prices,
            model.dimension,
            num_speakers=self._num_speakers,
            memory=self._options.lag_windows + 1,
        )
        self._number_voices([])

    def _number_voices(self, speakers: list[int]) -> None:
        """``speakers``: of the voices; those yet to be heard take the ids that are free, lowest first, and then none."""
        free = [speaker for speaker in range(self._num_speakers) if speaker not in speakers]
        self._speakers = [*speakers, *free, *[NOBODY] * BEYOND]

    def _begin_hypotheses(self, items: Items, labels: Labels, speakers: list[int]) -> None:
        assert self._hypotheses is not None  # noqa: S101 - made with the first embedding
        tracked = np.array(speakers, dtype=int) != NOBODY
        self._hypotheses.begin_anew(items.voices(labels), tracked, labels[items.loose :])
        self._number_voices(speakers)

    def _label_newest(self, hypotheses: VoiceHypotheses) -> None:
        unsaid = [item for item in self._evidence.recent[-self._options.lag_windows - 1 :] if item.said is None]
        path = hypotheses.tail(len(unsaid)).tolist()
        for item, voice in zip(unsaid[len(unsaid) - len(path) :], path, strict=True):
            item.label = self._speakers[voice]
            item.voice = voice

    def _sure_windows(self, hypotheses: VoiceHypotheses) -> int:
        """How many of the recent windows, from the first on, need not wait for their labels any longer."""
        unsure = hypotheses.certainty(self._options.lag_windows) < self._options.sure
        waiting = len(unsure) - int(unsure.argmax()) if unsure.any() else 0
        return len(self._evidence.recent) - waiting

    def _announce(self, recent: int) -> Iterator[Event]:
        """What was never said of the first ``recent`` of the recent windows, and what is no longer as it was said."""
        yield from announce([*self._evidence.groups, *self._evidence.recent[: max(0, recent)]])

    # -- all at once -------------------------------------------------------------------------------------------------------------

    def _refit(self, *, final: bool = False) -> None:
        options = self._options
        growing = min(options.refit_seconds_max, max(options.refit_seconds, self._seconds * options.refit_growth))
        # The first seconds decide who is who, and little is needed to look again.
        self._refit_at = self._seconds + (growing if self._seconds > 3 * options.refit_seconds else options.refit_seconds / 4)
        assert self._clustering is not None  # noqa: S101 - made with the first embedding
        assert self._hypotheses is not None  # noqa: S101 - made with the first embedding
        items = self._evidence.items(options.max_evidence, self._hypotheses.ahead)
        everything = list(self._evidence)
        current = np.array([*(item.voice for item in everything), *self._hypotheses.of_ahead()], dtype=np.intp)
        if (labels := self._clustering.find(items, current, final=final)) is None:
            return
        heard = labels[: len(everything)]
        owners = np.array([item.label if item.owner == NOBODY else item.owner for item in everything])
        seconds = items.seconds[: len(everything)]
        speakers = match_speakers(heard, owners, seconds, _first_heard(heard, everything), self._num_speakers)
        labels = np.where(labels < len(speakers), labels, heard[-1])
        for item, voice in zip(everything, heard.tolist(), strict=True):
            item.voice, item.label = voice, speakers[voice]
        all_apart = set(owners.tolist()) <= {NOBODY, *speakers}
        for item in everything:
            if all_apart or item.owner == NOBODY:
                item.owner = item.label
        self._begin_hypotheses(items, labels, speakers)

    # -- state -------------------------------------------------------------------------------------------------------------------

    def snapshot(self) -> State:
        """Evidence, whose it is and of which model; no audio. Hypotheses begin anew from what is likeliest."""
        model = self._model
        return {
            "evidence": self._evidence.snapshot(),
            "speakers": list(self._speakers),
            "seconds": self._seconds,
            "refit_at": self._refit_at,
            "model": None if model is None else [model.name, model.dimension, model.same_voice_cosine, model.calibrated_seconds],
        }

    def restore(self, state: State) -> None:
        """Goes on with the same speakers."""
        self._evidence.restore(cast(State, state["evidence"]))
        self._seconds = cast(float, state["seconds"])
        self._refit_at = cast(float, state["refit_at"])
        if state["model"] is not None:
            name, dimension, cosine, seconds = cast("tuple[str, int, float, float]", state["model"])
            self._use(VoiceModel(name, dimension, cosine, seconds))
            labels = np.array([item.voice for item in self._evidence], dtype=np.intp)
            speakers = list(cast(list[int], state["speakers"]))[: int(labels.max(initial=-1)) + 1]
            self._begin_hypotheses(self._evidence.items(self._options.max_evidence), labels, speakers)
        self._after_pause = True


def _first_heard(labels: Labels, everything: Sequence[Item]) -> list[int]:
    """When each voice had been heard for long enough to count, later than all of these where it never was (samples)."""
    stretches: list[list[tuple[int, int]]] = [[] for _ in range(int(labels.max()) + 1)]
    for item, voice in zip(everything, labels.tolist(), strict=True):
        stretches[voice] += item.stretches
    end = max(item.stretches[-1][1] for item in everything)
    return [_begin_of_count(sorted(own), end) for own in stretches]


def _begin_of_count(stretches: Sequence[tuple[int, int]], never: int) -> int:
    heard = 0
    for start, end in stretches:
        heard += end - start
        if heard >= COUNTS_SAMPLES:
            return start
    return never + stretches[0][0]


def _load(options: KMeansAssignerOptions) -> LoadedStage:
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - heavy, only where the stage is used

    # Fewer groups than asked for is an answer like any other here.
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
