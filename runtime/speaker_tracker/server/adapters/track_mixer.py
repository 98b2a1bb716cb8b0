"""Mixes the tracks of a call to one stream, by the time at which each was spoken."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.audio.pcm import encode_pcm
from speaker_tracker.protocol.audio_format import SAMPLE_RATE

PATIENCE_SAMPLES = SAMPLE_RATE
"""How far a track may be behind before the others go on without it."""
LEAST_GAP_SAMPLES = SAMPLE_RATE
"""Shortest time without any track's audio that is told as a gap; in a shorter one there is silence."""
SAMPLES_PER_MS = SAMPLE_RATE // 1000


class TrackMixer:
    """Mixer of the named tracks. What comes out is PCM, or a gap (ms) before it."""

    def __init__(self, tracks: Iterable[str]) -> None:
        self._ends = dict.fromkeys(tracks, 0)
        self._pieces: list[tuple[int, NDArray[np.float32]]] = []
        self._position = 0

    def add(self, track: str, samples: NDArray[np.float32]) -> list[bytes | int]:
        """What is complete once ``track`` goes on with ``samples`` (16 kHz)."""
        if len(samples):
            self._pieces.append((self._ends[track], samples))
            self._ends[track] += len(samples)
        return self._mixed(self._complete)

    def skip(self, track: str, ms: int) -> list[bytes | int]:
        """What is complete once ``track`` has had no audio for so many milliseconds."""
        self._ends[track] += ms * SAMPLES_PER_MS
        return self._mixed(self._complete)

    def rest(self) -> list[bytes | int]:
        """All that is left."""
        return self._mixed(max(self._ends.values()))

    @property
    def _complete(self) -> int:
        heard = max((start + len(samples) for start, samples in self._pieces), default=0)
        return max(min(self._ends.values()), heard - PATIENCE_SAMPLES)

    def _mixed(self, end: int) -> list[bytes | int]:
        out: list[bytes | int] = []
        first = min((start for start, _ in self._pieces), default=end)
        ms = (min(first, end) - self._position) // SAMPLES_PER_MS
        if ms * SAMPLES_PER_MS >= LEAST_GAP_SAMPLES:
            out.append(ms)
            self._position += ms * SAMPLES_PER_MS
        if first >= end or end <= self._position:
            return out
        mixed = np.zeros(end - self._position, np.float32)
        left: list[tuple[int, NDArray[np.float32]]] = []
        for start, samples in self._pieces:
            begin, stop = max(start, self._position), min(start + len(samples), end)
            if stop > begin:
                mixed[begin - self._position : stop - self._position] += samples[begin - start : stop - start]
            if start + len(samples) > end:
                left.append((max(start, end), samples[max(end - start, 0) :]))
        self._pieces, self._position = left, end
        return [*out, encode_pcm(mixed)]
