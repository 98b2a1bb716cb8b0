"""What a segmentation hears within speech: pauses, several people at once, and where another person begins.

These events speak of audio that has been passed on as segments of speech, or is about to be. Those of one type come in order of
time, usually half a second after the audio that they speak of, and so sometimes after the end of its segment.
"""

from dataclasses import dataclass

from speaker_tracker.events.base import Event


@dataclass(frozen=True, slots=True)
class SpeechPause(Event):
    """Nobody speaks in ``[start, end)`` (samples), though a segment of speech covers it.

    A pause may come in several pieces that touch.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OverlappedSpeech(Event):
    """Two or more people speak at the same time in ``[start, end)`` (samples).

    ``probability``: that they do, 0 to 1, the mean over the interval. A stretch may come in several pieces that touch.
    """

    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True)
class SpeakerChange(Event):
    """Somebody begins to speak at ``position`` (samples) who is not the one who spoke last.

    ``probability``: that somebody does within a tenth of a second, 0 to 1.
    """

    position: int
    probability: float
