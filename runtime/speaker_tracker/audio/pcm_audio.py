"""Audio in memory, as the PCM that sessions accept: 16 kHz, signed 16-bit little-endian, mono."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.events.audio import SAMPLE_RATE

BYTES_PER_SECOND = 2 * SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class PcmAudio:
    """``path``: where it comes from, for messages."""

    path: Path
    pcm: bytes

    @classmethod
    def read(cls, path: Path) -> Self:
        """A whole file. Raises ``AudioFileError``."""
        file = AudioFile(path)
        pcm = b"".join(file.frames())
        file.check_whole()
        return cls(path, pcm)

    @classmethod
    def joined(cls, parts: Sequence[Self], pause_seconds: float) -> Self:
        """Recordings behind one another, one at least, with silence between them."""
        return cls(parts[0].path, bytes(_size(pause_seconds)).join(part.pcm for part in parts))

    @property
    def seconds(self) -> float:
        """The duration."""
        return len(self.pcm) / BYTES_PER_SECOND

    def frames(self, frame_ms: int = 100) -> Iterator[bytes]:
        """The audio in frames of ``frame_ms``; the last one may be shorter."""
        size = _size(frame_ms / 1000)
        return (self.pcm[offset : offset + size] for offset in range(0, len(self.pcm), size))

    def part(self, start: float, end: float) -> Self:
        """What lies between two times in seconds."""
        return type(self)(self.path, self.pcm[_size(start) : _size(end)])


def _size(seconds: float) -> int:
    return 2 * round(seconds * SAMPLE_RATE)
