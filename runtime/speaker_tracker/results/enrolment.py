"""Enrolment: the voiceprint of a person from a recording in which nobody else speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from speaker_tracker.engine.chain import Chain
from speaker_tracker.errors import UserError
from speaker_tracker.protocol import ReportMessage, Voiceprint
from speaker_tracker.results.tracking import TrackedAudio, VoiceRequest, track

NO_VOICES = "this chain of stages recognizes no voices and makes no voiceprints; use the default one (see `speaker-tracker stages`)"
HEARD_VOICES = 2
"""Voices that a recording is searched for: more than one is too many."""
OTHER_SECONDS, OTHER_SHARE = 1.5, 0.03
"""Speech of another voice from which on a recording is refused: so many seconds, and such a share of all speech.

No other voice was heard at all in recordings of one voice each, of 4 to 75 s; where another person said 3 s of 27, they were heard
for 1.1 to 2.7 s in nearly all.
"""


class EnrolmentError(UserError):
    """A recording is not fit to know a voice by, or the chain makes no voiceprints."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """``spoken_ms``: how long the person speaks in the recording."""

    voiceprint: Voiceprint
    spoken_ms: int


def enrol(chain: Chain, audio: TrackedAudio, on_progress: Callable[[float], object] | None = None) -> Enrolment:
    """Makes the voiceprint of the only voice in a recording. ``on_progress``: as of ``track``.

    Raises ``EnrolmentError`` for another voice, for too little speech and for a chain that makes no voiceprints, and as ``track``
    does.
    """
    if chain.voice_model is None:
        raise EnrolmentError(NO_VOICES)
    asked = VoiceRequest(chain.voice_model, voiceprints=True)
    report = track(chain.open, audio, HEARD_VOICES, on_progress=on_progress, voices=asked).report
    return only_voice(report, audio.path)


def only_voice(report: ReportMessage, path: Path) -> Enrolment:
    """The only voice in a recording ``path``.

    ``report``: that of tracking two voices at least, with voiceprints and other voices. A moment of another voice, as one voice may
    seem to be for a word, does not count. Raises ``EnrolmentError`` for another voice and for too little speech.
    """
    speakers = sorted(report.speakers, key=lambda speaker: -speaker.totalTimeMs)
    if not speakers:
        raise EnrolmentError(f"nobody speaks in {path}; a recording of at least 5 s of speech is needed")
    first, *others = speakers
    other_ms = sum(speaker.totalTimeMs for speaker in others) + (report.others.totalTimeMs if report.others is not None else 0)
    if other_ms >= max(1000 * OTHER_SECONDS, OTHER_SHARE * (first.totalTimeMs + other_ms)):
        raise EnrolmentError(
            f"{path} has more than one voice: one speaks for {first.totalTimeMs / 1000:.1f} s, and others for "
            f"{other_ms / 1000:.1f} s; take a recording in which nobody else speaks"
        )
    if first.voiceprint is None:
        raise EnrolmentError(
            f"{path} has too little speech: {first.totalTimeMs / 1000:.1f} s, of which less than 5 s are clear; take a longer one"
        )
    return Enrolment(first.voiceprint, first.totalTimeMs)
