"""The stage ``kmeans_assigner``: labels windows as they come, and corrects itself as evidence grows.

The beam search labels each window at once (``beam_search``). Every few seconds of speech all evidence is clustered anew
(``clustering``), the voices found are matched to the speakers known so far (``assigning.matching``), and the beam search goes on
from there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from speaker_tracker import hookimpl
from speaker_tracker.events import (
    SAMPLE_RATE,
    Event,
    OtherVoices,
    OverlappedSpeech,
    SpeakerChange,
    SpeakerNow,
    SpeakersAssigned,
    SpeakersNamed,
    SpeechEnded,
    SpeechPause,
    VoiceEmbedding,
    VoiceModel,
    VoiceprintsMade,
)
from speaker_tracker.stage import Answer, LoadedStage, SessionInfo, StageBase, StageSpec, State
from speaker_tracker_stages.assigning.activity import RecentActivity
from speaker_tracker_stages.assigning.announcing import announce
from speaker_tracker_stages.assigning.arrays import Labels
from speaker_tracker_stages.assigning.evidence import NOBODY, Evidence, Item
from speaker_tracker_stages.assigning.known_speakers import KnownSpeakers
from speaker_tracker_stages.assigning.matching import match_speakers
from speaker_tracker_stages.kmeans_assigner.beam_search import BeamSearch
from speaker_tracker_stages.kmeans_assigner.certainty import confidences
from speaker_tracker_stages.kmeans_assigner.clustering import VoiceClustering
from speaker_tracker_stages.kmeans_assigner.known_places import KnownPlaces
from speaker_tracker_stages.kmeans_assigner.observations import Observations, observations, purity
from speaker_tracker_stages.kmeans_assigner.options import KMeansAssignerOptions
from speaker_tracker_stages.kmeans_assigner.parameters import likelihood_of, window_worth
from speaker_tracker_stages.kmeans_assigner.penalties import MAX_UNTRACKED, SPARE_SLOTS
from speaker_tracker_stages.kmeans_assigner.proposals import libraries

MIN_OTHER_SECONDS = 2.0
"""Minimum speech of a voice that is not tracked before it is counted."""
LEAST_ALONE = 0.1
"""Lower bound of the share of a window in which one person speaks alone, which it is worth in proportion to."""
UNTOLD = OtherVoices(0, -1)
"""Marker of sessions whose clients do not ask for other voices."""


class KMeansAssigner(StageBase):
    """One session's speakers."""

    def __init__(self, options: KMeansAssignerOptions, session: SessionInfo) -> None:
        self._options = options
        self._num_speakers = session.num_speakers
        self._evidence = Evidence(options.max_recent_windows, options.max_groups)
        self._clustering: VoiceClustering | None = None
        self._search: BeamSearch | None = None
        self._speakers: list[int] = []  # of each voice of the search
        self._activity = RecentActivity()
        self._after_pause = False
        self._seconds = 0.0
        self._refit_at = 0.0
        self._refitted_at = 0.0
        self._final = False
        self._relabelled = True  # whether labels of any item may have changed since all were looked at
        self._others_changed = True
        self._known_places: KnownPlaces | None = None
        self._known_speakers = KnownSpeakers(session, options.evidence_per_second)
        self._wants_confidence = session.confidence
        self._others: OtherVoices | None = None if session.others else UNTOLD

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes embeddings and ends of speech; answers with labels and with who speaks now."""
        match event:
            case VoiceEmbedding():
                yield from self._hear(event)
            case SpeechEnded():
                # A pause may be long, so no label waits for speech to go on.
                yield from self._announce(len(self._evidence.recent))
                self._after_pause = True
                yield SpeakerNow(event.end, ())
            case SpeechPause() | OverlappedSpeech() | SpeakerChange():
                self._activity.feed(event)
        yield event

    def flush(self) -> Iterator[Answer]:
        """Clusters all evidence once more, more thoroughly; these labels are final."""
        if self._evidence.recent and not self._final:
            self._final = True
            self._refit(final=True)
            yield from self._announce(len(self._evidence.recent), again=self._wants_confidence)
            yield from self._known_speakers.tell(self._evidence, self._seconds, final=True)
        yield from self._tell_others()

    def snapshot(self) -> State:
        """Evidence and its labels; no audio. Of the hypotheses only the best one goes on."""
        return {
            "evidence": self._evidence.snapshot(),
            "activity": self._activity.snapshot(),
            "known_speakers": self._known_speakers.snapshot(),
            "speakers": list(self._speakers),
            "seconds": self._seconds,
            "refit_at": self._refit_at,
        }

    def restore(self, state: State) -> None:
        """Goes on with the same speakers, as after a pause."""
        self._evidence.restore(cast(State, state["evidence"]))
        self._activity.restore(cast(State, state["activity"]))
        self._known_speakers.restore(cast(State, state["known_speakers"]))
        self._seconds = cast(float, state["seconds"])
        self._refit_at = cast(float, state["refit_at"])
        if self._evidence.model is not None:
            self._begin(self._evidence.model)
            labels = np.array([item.voice for item in self._evidence], dtype=np.intp)
            speakers = list(cast(list[int], state["speakers"]))[: int(labels.max(initial=-1)) + 1]
            self._restart_search(observations(self._evidence, self._options.max_evidence), labels, speakers)
        self._after_pause = True

    # -- window by window --------------------------------------------------------------------------------------------------------

    def _hear(self, event: VoiceEmbedding) -> Iterator[Event]:
        model = self._evidence.check_model(event.model)
        search = self._search or self._begin(model)
        seconds = (event.end - event.start) / SAMPLE_RATE
        worth = window_worth(event.model, (event.heard_end - event.heard_start) / SAMPLE_RATE)
        alone = max(LEAST_ALONE, self._activity.share_alone(event.heard_start, event.heard_end))
        weight = self._options.evidence_per_second * seconds * worth * alone
        change = self._activity.change(event.start)
        recent, stretch, span = self._evidence.recent, (event.start, event.end), (event.heard_start, event.heard_end)
        # A segment that begins where the one before it ended goes on without a pause.
        after_pause = (
            not recent or recent[-1].stretches[-1][1] != event.start or (self._after_pause and event.heard_start == event.start)
        )
        recent.append(Item(event.vector * np.float32(weight), weight, [stretch], span, after_pause, change))
        search.push(event.vector, weight, stretch, span, after_pause=after_pause, change=change)
        self._after_pause = False
        self._label_latest(search)
        self._seconds += seconds
        if self._seconds >= self._refit_at or (search.is_full and self._seconds >= self._refitted_at + 1):
            self._refit()
        yield from self._announce(self._confident_windows(search))
        yield from self._known_speakers.tell(self._evidence, self._seconds)
        yield from self._tell_others()
        self._evidence.condense(purity)
        latest = self._evidence.recent[-1].label
        yield SpeakerNow(event.heard_end, () if latest == NOBODY else (latest,))

    def _begin(self, model: VoiceModel) -> BeamSearch:
        likelihood, penalties = likelihood_of(model, self._num_speakers, self._options.overrides), self._options.penalties
        if (recognition := self._known_speakers.recognition(model)) is not None:
            self._known_places = KnownPlaces(recognition, likelihood)
        self._clustering = VoiceClustering(likelihood, penalties, self._num_speakers, self._known_places)
        self._search = BeamSearch(
            likelihood,
            penalties,
            model.dimension,
            num_speakers=self._num_speakers,
            memory=self._options.lag_windows + 1,
            known=self._known_places,
        )
        self._number_voices([])
        return self._search

    def _number_voices(self, speakers: list[int]) -> None:
        """Numbers the voices of the search: the known ones are ``speakers``, further ones take free ids, lowest first."""
        free = [speaker for speaker in range(self._num_speakers) if speaker not in speakers]
        self._speakers = [*speakers, *free, *[NOBODY] * SPARE_SLOTS]

    def _label_latest(self, search: BeamSearch) -> None:
        """Takes the labels of windows that were not announced yet from the search, which may have changed its mind."""
        waiting = [item for item in self._evidence.recent[-self._options.lag_windows - 1 :] if item.announced is None]
        voices = search.best_labels(len(waiting)).tolist()
        for item, voice in zip(waiting[len(waiting) - len(voices) :], voices, strict=True):
            label = self._speakers[voice]
            if label == NOBODY or (item.label == NOBODY and item.voice != NOBODY):
                self._others_changed = True
            item.label, item.voice = label, voice

    def _confident_windows(self, search: BeamSearch) -> int:
        """Number of recent windows, counted from the first, before any whose label has to wait."""
        waits = search.confidence(self._options.lag_windows) < self._options.confidence_threshold
        waiting = len(waits) - int(waits.argmax()) if waits.any() else 0
        return len(self._evidence.recent) - waiting

    def _announce(self, recent: int, *, again: bool = False) -> Iterator[Event]:
        """Announces new and changed labels of the groups and of the first ``recent`` of the recent windows; all with ``again``."""
        evidence = self._evidence
        # Between refits, labels change only as long as they wait.
        since = 0 if self._relabelled or again else max(0, len(evidence.recent) - self._options.lag_windows - 1)
        known = [*evidence.retired, *(evidence.groups if since == 0 else ()), *evidence.recent[since : max(0, recent)]]
        self._relabelled = False
        confidence = None
        if self._wants_confidence and (again or any(item.announced != item.label for item in known)):
            everything = list(evidence)
            confidence = dict(zip(everything, confidences(everything).tolist(), strict=True)) if everything else {}
        yield from announce(known, confidence, again=again)
        evidence.retired.clear()

    def _tell_others(self) -> Iterator[Event]:
        """Tells of the voices that nobody tracked has, if the client wants to know and it is not what was told before."""
        if self._others is UNTOLD or not self._others_changed:
            return
        self._others_changed = False
        heard: dict[int, int] = {}
        for item in self._evidence:
            if item.label == NOBODY and item.voice != NOBODY:
                heard[item.voice] = heard.get(item.voice, 0) + item.samples
        voices = [*heard.values(), *self._evidence.retired_samples]
        counted = [samples for samples in voices if samples >= MIN_OTHER_SECONDS * SAMPLE_RATE]
        told = OtherVoices(sum(counted), len(counted))
        if told != self._others:
            self._others = told
            yield told

    # -- all evidence at once ----------------------------------------------------------------------------------------------------

    def _refit(self, *, final: bool = False) -> None:
        options = self._options
        self._refitted_at = self._seconds
        growing = min(options.refit_seconds_max, max(options.refit_seconds, self._seconds * options.refit_growth))
        # The first seconds decide who is who, and clustering them is cheap.
        self._refit_at = self._seconds + (growing if self._seconds > 3 * options.refit_seconds else options.refit_seconds / 4)
        assert self._clustering is not None  # noqa: S101 - made with the first embedding
        assert self._search is not None  # noqa: S101 - made with the first embedding
        observed = observations(self._evidence, options.max_evidence, self._search.lookahead)
        items = list(self._evidence)
        current = np.array([*(item.voice for item in items), *self._search.lookahead_labels()], dtype=np.intp)
        if (voices := self._clustering.find(observed, current, final=final)) is None:
            return
        self._relabelled = self._others_changed = True
        heard = voices[: len(items)]
        anchors = np.array([item.label if item.anchor == NOBODY else item.anchor for item in items])
        seconds = observed.seconds[: len(items)]
        speakers = match_speakers(heard, anchors, seconds, observed.order.first_heard(heard), self._num_speakers)
        # A voice that only the lookahead was given to is none yet.
        voices = np.where(voices < len(speakers), voices, heard[-1])
        for item, voice in zip(items, heard.tolist(), strict=True):
            item.voice, item.label = voice, speakers[voice]
        all_told_apart = set(anchors.tolist()) <= {NOBODY, *speakers}
        for item in items:
            if all_told_apart or item.anchor == NOBODY:
                item.anchor = item.label
        if not final and (gone := self._voices_to_retire(speakers)):
            self._evidence.retire(gone)
            kept = [voice for voice in range(len(speakers)) if voice not in gone]
            numbers = {voice: number for number, voice in enumerate(kept)}
            for item in self._evidence:
                item.voice = numbers[item.voice]
            ahead = [numbers[voice] for voice in voices[len(items) :].tolist()]
            speakers = [speakers[voice] for voice in kept]
            observed = observations(self._evidence, options.max_evidence, self._search.lookahead)
            voices = np.array([*(item.voice for item in self._evidence), *ahead], dtype=np.intp)
        self._restart_search(observed, voices, speakers)

    def _voices_to_retire(self, speakers: list[int]) -> set[int]:
        """The untracked voices that were not heard for the longest time, so many that there is room for new ones."""
        last = dict.fromkeys((voice for voice, speaker in enumerate(speakers) if speaker == NOBODY), 0)
        for item in self._evidence:
            if item.voice in last:
                last[item.voice] = max(last[item.voice], item.stretches[-1][1])
        latest = self._evidence.recent[-1].voice
        oldest = sorted((voice for voice in last if voice != latest), key=lambda voice: last[voice])
        return set(oldest[: max(0, len(last) - (MAX_UNTRACKED - SPARE_SLOTS))])

    def _restart_search(self, observed: Observations, voices: Labels, speakers: list[int]) -> None:
        assert self._search is not None  # noqa: S101 - made with the first embedding
        tracked = np.array(speakers, dtype=int) != NOBODY
        statistics = observed.statistics(voices)
        prints = None if self._known_places is None else self._known_places.adapt(statistics)
        self._search.restart(statistics, tracked, voices[observed.groups :], prints)
        self._number_voices(speakers)


def _load(options: KMeansAssignerOptions) -> LoadedStage:
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - heavy, only where the stage is used

    # Fewer groups than asked for is an answer like any other here.
    warnings.filterwarnings("ignore", category=ConvergenceWarning, module="sklearn")
    libraries()
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
            may_consume=frozenset({SpeechPause, OverlappedSpeech, SpeakerChange}),
            produces=frozenset({SpeakersAssigned, SpeakerNow, OtherVoices, SpeakersNamed, VoiceprintsMade}),
            load=_load,
            cpu_heavy=True,
        )
    ]
