"""Names and voiceprints of a session's speakers: who of them is a known voice, and how each of them sounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import numpy as np

from speaker_tracker.events import Event, SpeakersNamed, VoiceModel, VoiceprintsMade
from speaker_tracker.protocol import KnownVoice, Voiceprint
from speaker_tracker.stage import SessionInfo, State
from speaker_tracker_stages.assigning.arrays import Floats, unit_length
from speaker_tracker_stages.assigning.calibrations import calibration_of
from speaker_tracker_stages.assigning.evidence import NOBODY, Evidence
from speaker_tracker_stages.assigning.recognition import Recognition
from speaker_tracker_stages.assigning.voiceprints import MIN_PRINT_SECONDS, Places, places

TOLD_FROM, KEPT_FROM = 0.95, 0.5
"""Probability of being a person from which on a speaker gets the name, and below which the speaker loses it."""
MIN_EVIDENCE = 1.0
"""Minimum observations of a speaker who is named."""
NAMED_EACH_SECONDS, SETTLED_EACH_SECONDS = 0.25, 2.5
"""Speech between two looks at who is a known voice, while somebody speaks of whom little is known, and else."""
SETTLED_EVIDENCE = 12.0
"""Observations of a speaker from which on a name, or that there is none, hardly changes any more."""
PRINTED_EACH_SECONDS = 3.0
"""Speech between two looks at whether new voiceprints are worth telling."""
MORE_SPEECH = 1.5
"""How many times as much speech as before makes a new voiceprint worth telling."""
LEAST_COSINE = 0.95
"""Cosine of a speaker's voiceprints below which the earlier one is out of date, as after a correction of labels."""


class KnownSpeakers:
    """What one session tells of known voices and voiceprints; nothing where its client asked for neither."""

    def __init__(self, session: SessionInfo, per_second: float) -> None:
        self._known: tuple[KnownVoice, ...] = session.known_voices
        self._wants_prints = session.voiceprints
        self._per_second = per_second
        self._recognition: Recognition | None = None
        self._names: dict[int, str] = {}
        self._prints: dict[int, Voiceprint] = {}
        self._named_at = self._printed_at = 0.0
        self._settled: set[int] = set()

    def recognition(self, model: VoiceModel) -> Recognition | None:
        """What the prints of the known voices say, which are of ``model``; None without any."""
        if self._known and self._recognition is None:
            self._recognition = Recognition.of(self._known, calibration_of(model))
        return self._recognition

    def tell(self, evidence: Evidence, seconds: float, *, final: bool = False) -> Iterator[Event]:
        """Names and voiceprints that are new after ``seconds`` of speech; ``final``: at the end, when all voiceprints are told."""
        if evidence.model is None:
            return
        if self._known and (final or seconds >= self._named_at + self._pause_between_looks(evidence)):
            self._named_at = seconds
            heard = places(evidence, self._per_second)
            self._settled = {
                speaker for speaker, known in zip(heard.speakers, heard.evidence.tolist(), strict=True) if known >= SETTLED_EVIDENCE
            }
            yield from self._name(heard, self.recognition(evidence.model))
        if self._wants_prints and (final or seconds >= self._printed_at + PRINTED_EACH_SECONDS):
            self._printed_at = seconds
            yield from self._print(places(evidence, self._per_second, strict=True), evidence.model, again=final)

    def snapshot(self) -> State:
        """The names and voiceprints told so far."""
        return {
            "names": [[speaker, name] for speaker, name in self._names.items()],
            "prints": [[speaker, voiceprint.model_dump()] for speaker, voiceprint in self._prints.items()],
            "named_at": self._named_at,
            "printed_at": self._printed_at,
        }

    def restore(self, state: State) -> None:
        """Goes on from a ``snapshot``."""
        self._names = dict(cast("Sequence[tuple[int, str]]", state["names"]))
        kept = cast("Sequence[tuple[int, Mapping[str, object]]]", state["prints"])
        self._prints = {speaker: Voiceprint.model_validate(values) for speaker, values in kept}
        self._named_at, self._printed_at = cast(float, state["named_at"]), cast(float, state["printed_at"])

    def _pause_between_looks(self, evidence: Evidence) -> float:
        is_settled = not evidence.recent or evidence.recent[-1].label in {NOBODY, *self._settled}
        return SETTLED_EACH_SECONDS if is_settled else NAMED_EACH_SECONDS

    def _name(self, heard: Places, recognition: Recognition | None) -> Iterator[Event]:
        found = self._found(recognition, heard) if recognition is not None and heard.speakers else {}
        if found != self._names:
            self._names = found
            yield SpeakersNamed(dict(found))

    def _found(self, recognition: Recognition, heard: Places) -> dict[int, str]:
        """The name of each recognized speaker; one to one, so that as much as possible is explained."""
        from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - heavy, only where it is used

        probabilities = recognition.probabilities(heard.means, heard.evidence)
        probabilities = np.where(heard.evidence[:, np.newaxis] >= MIN_EVIDENCE, probabilities, 0.0)
        found = {}
        for row, person in zip(*linear_sum_assignment(probabilities, maximize=True), strict=True):
            speaker, name = heard.speakers[row], recognition.names[person]
            if probabilities[row, person] >= (KEPT_FROM if self._names.get(speaker) == name else TOLD_FROM):
                found[speaker] = name
        return found

    def _print(self, heard: Places, model: VoiceModel, *, again: bool) -> Iterator[Event]:
        made: dict[int, Voiceprint] = {}
        for speaker, mean, evidence in zip(heard.speakers, heard.means, heard.evidence.tolist(), strict=True):
            seconds = evidence / self._per_second
            before = self._prints.get(speaker)
            if seconds >= MIN_PRINT_SECONDS and (again or before is None or _is_news(before, mean, seconds)):
                made[speaker] = Voiceprint.of(model.name, model.version, mean.tolist(), seconds)
        if made:
            self._prints.update(made)
            yield VoiceprintsMade(made)


def _is_news(before: Voiceprint, mean: Floats, seconds: float) -> bool:
    cosine = float(unit_length(np.array(before.values)) @ unit_length(mean))
    return seconds >= MORE_SPEECH * before.seconds or cosine < LEAST_COSINE
