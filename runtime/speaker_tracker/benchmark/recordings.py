"""The audio that sessions send: recordings one after the other, repeated without end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.benchmark.errors import BenchmarkError
from speaker_tracker.protocol.audio_format import BYTES_PER_SAMPLE, BYTES_PER_SECOND, SAMPLE_RATE

MAX_SECONDS = 3600.0
"""Audio that is held in memory; what is beyond is left out."""


def read_recordings(paths: Sequence[Path]) -> bytes:
    """The recordings one after the other, at most ``MAX_SECONDS`` of them: 16 kHz, signed 16-bit little-endian, mono.

    Raises ``AudioFileError``.
    """
    limit = int(MAX_SECONDS * BYTES_PER_SECOND)
    pcm = bytearray()
    for path in paths:
        for block in AudioFile(path).frames():
            pcm += block
            if len(pcm) >= limit:
                return bytes(pcm[:limit])
    return bytes(pcm)


class LoopedAudio:
    """Frames of ``pcm``, repeated without end, from any sample on.

    ``pcm``: as ``read_recordings`` gives it. ``frame_ms``: length of a frame in milliseconds. Raises ``BenchmarkError`` where the
    audio is shorter than a frame.
    """

    def __init__(self, pcm: bytes, frame_ms: int) -> None:
        self._size = SAMPLE_RATE * frame_ms // 1000 * BYTES_PER_SAMPLE
        if len(pcm) < self._size:
            raise BenchmarkError(f"the recordings hold less than a frame of {frame_ms} ms; name longer ones")
        self._length = len(pcm) - len(pcm) % BYTES_PER_SAMPLE
        self._pcm = memoryview(pcm[: self._length] + pcm[: self._size])  # so that a frame over the seam is one piece as well

    @property
    def samples(self) -> int:
        """Number of samples until it repeats."""
        return self._length // BYTES_PER_SAMPLE

    def frame(self, start: int, number: int) -> memoryview:
        """The ``number``-th frame, counted from 0, of a session that begins with sample ``start``."""
        offset = (start * BYTES_PER_SAMPLE + number * self._size) % self._length
        return self._pcm[offset : offset + self._size]
