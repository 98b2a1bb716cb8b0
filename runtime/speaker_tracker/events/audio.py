"""Incoming audio."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events.base import Event
from speaker_tracker.protocol.audio_format import SAMPLE_RATE

__all__ = ["SAMPLE_RATE", "AudioBlock", "AudioClock", "AudioGap", "AudioHint", "PcmReceived"]


@dataclass(frozen=True, slots=True)
class PcmReceived(Event):
    """A binary frame of a client; the session feeds it into the first stage.

    ``data``: signed 16-bit little-endian mono PCM at 16 kHz, of any length; frames may split a window, not a sample.
    """

    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class AudioBlock(Event):
    """Consecutive samples; each block begins where the one before it ended, or where the ``AudioGap`` between them ended.

    ``start``: position of the first sample.
    ``samples``: float32, shape ``(n,)``, n >= 1, within [-1, 1].
    """

    start: int
    samples: NDArray[np.float32]

    @property
    def end(self) -> int:
        """Position after the last sample."""
        return self.start + len(self.samples)


@dataclass(frozen=True, slots=True)
class AudioGap(Event):
    """There is no audio in ``[start, end)`` (samples), such as from a muted microphone; what follows begins at ``end``.

    The session feeds it into the first stage. A decoder replaces it by one at the position that it has reached, followed by
    ``AudioClock``; a detector ends the segment of speech under way before it passes it on. Other stages have nothing to do.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AudioClock(Event):
    """All audio before ``position`` (samples) has been processed; follows the events of this audio. Never decreases."""

    position: int


@dataclass(frozen=True, slots=True)
class AudioHint(Event):
    """A suspicion that the audio is not what it is taken for, such as another format.

    The session logs the first of each code, and sends it to a client that requested hints.

    ``code``: a stable word in lower case with underscores, such as those of ``HintCode``. ``message``: what the audio looks like
    and what is right.
    """

    code: str
    message: str
