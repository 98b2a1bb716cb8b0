"""Decodes the audio of telephone lines (ITU-T G.711: 8 kHz, 8 bits a sample) to samples at the rate of sessions, as it comes."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.audio.companding import alaw_table, mulaw_table
from speaker_tracker.protocol.audio_format import FULL_SCALE

LINE_RATE = 8000
"""Samples, and bytes, in a second of a line (Hz)."""
SAMPLES_PER_BYTE = 2
"""Samples at 16 kHz for each of the line's."""

HALF_TAPS = 16
"""Samples of the line on either side by which one between two is interpolated: 2 ms."""
KAISER_BETA = 6.0
"""Images above 4.5 kHz are 60 dB down (Kaiser, "Nonrecursive digital filter design", 1974)."""


class LineEncoding(StrEnum):
    """The two laws of G.711: North America and Japan use mu-law, most other networks A-law."""

    MULAW = "mulaw"
    ALAW = "alaw"


TABLES = {law: table / np.float32(FULL_SCALE) for law, table in zip(LineEncoding, (mulaw_table(), alaw_table()), strict=True)}
"""Samples within (-1, 1) by code: float32, shape ``(256,)``."""


def _taps() -> NDArray[np.float32]:
    at = np.arange(2 * HALF_TAPS) - (HALF_TAPS - 0.5)
    taps = np.sinc(at) * np.kaiser(2 * HALF_TAPS, KAISER_BETA)
    return np.asarray(taps / taps.sum(), np.float32)


TAPS = _taps()


class LineDecoder:
    """Decoder of one line. It holds back 2 ms, which the interpolation looks ahead."""

    def __init__(self, encoding: LineEncoding) -> None:
        self._table = TABLES[encoding]
        self._held = np.zeros(HALF_TAPS - 1, np.float32)

    def decode(self, data: bytes) -> NDArray[np.float32]:
        """The samples at 16 kHz that ``data`` completes: float32, shape ``(n,)``, within [-1, 1]."""
        return self._interpolated(self._table[np.frombuffer(data, np.uint8)])

    def rest(self) -> NDArray[np.float32]:
        """The samples that were held back, after which another stretch of audio begins."""
        samples = self._interpolated(np.zeros(HALF_TAPS, np.float32))
        self._held = np.zeros(HALF_TAPS - 1, np.float32)
        return samples

    def _interpolated(self, new: NDArray[np.float32]) -> NDArray[np.float32]:
        line = np.concatenate([self._held, new])
        count = len(line) - len(TAPS) + 1
        if count <= 0:
            self._held = line
            return np.zeros(0, np.float32)
        samples = np.empty(SAMPLES_PER_BYTE * count, np.float32)
        samples[::2] = line[HALF_TAPS - 1 : HALF_TAPS - 1 + count]
        samples[1::2] = np.correlate(line, TAPS, "valid")
        self._held = line[count:]
        return np.clip(samples, -1.0, 1.0)
