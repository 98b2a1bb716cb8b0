"""Speech segments, as found by a voice activity detector.

A segment of speech is one ``SpeechStarted``, then ``SpeechAudio`` without gaps from its start on, then one ``SpeechEnded``.
Segments come in order and do not overlap. A detector may look back: ``SpeechStarted.start`` can lie before audio already processed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events.base import Event


@dataclass(frozen=True, slots=True)
class SpeechStarted(Event):
    """A segment of speech begins at ``start`` (samples)."""

    start: int


@dataclass(frozen=True, slots=True, eq=False)
class SpeechAudio(Event):
    """Audio of the segment under way, known to belong to it.

    ``start``: position of the first sample, equal to the end of the segment's audio so far.
    ``samples``: float32, shape ``(n,)``, n >= 1, within [-1, 1].
    """

    start: int
    samples: NDArray[np.float32]

    @property
    def end(self) -> int:
        """Position after the last sample."""
        return self.start + len(self.samples)


@dataclass(frozen=True, slots=True)
class SpeechEnded(Event):
    """The segment under way ended at ``end`` (samples), where its audio ends."""

    end: int
