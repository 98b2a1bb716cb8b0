"""Audio whose speakers are known, with its reference sample by sample."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

DATA = Path(__file__).parents[1] / "data"
SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class KnownConversation:
    """``samples``: float32 at 16 kHz, shape ``(n,)``.

    ``speakers``: who speaks, bool, shape ``(speakers, n)``, in order of first appearance.
    """

    samples: NDArray[np.float32]
    speakers: NDArray[np.bool_]

    @property
    def speech(self) -> NDArray[np.bool_]:
        """Where anybody speaks."""
        return self.speakers.any(axis=0)

    def part(self, start: float, end: float) -> "KnownConversation":
        """From ``start`` to ``end`` seconds."""
        first, last = int(start * SAMPLE_RATE), int(end * SAMPLE_RATE)
        return KnownConversation(self.samples[first:last], self.speakers[:, first:last])


def read_conversation(audio: Path, rttm: Path) -> KnownConversation:
    """A 16 kHz mono file and its reference."""
    samples, rate = soundfile.read(audio, dtype="float32")
    assert rate == SAMPLE_RATE
    turns = [line.split() for line in rttm.read_text(encoding="utf-8").splitlines() if line.startswith("SPEAKER")]
    names = list(dict.fromkeys(turn[7] for turn in sorted(turns, key=lambda turn: float(turn[3]))))
    speakers = np.zeros((len(names), len(samples)), bool)
    for turn in turns:
        start, duration = float(turn[3]), float(turn[4])
        speakers[names.index(turn[7]), round(start * SAMPLE_RATE) : round((start + duration) * SAMPLE_RATE)] = True
    return KnownConversation(samples, speakers)
