"""Describes the parts of a sound file: usually one, but several if recordings were concatenated."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

ByteRange = tuple[int, int]
"""Offset of the first byte, and that after the last."""


class Decoder(Enum):
    """Libraries that decode parts."""

    LIBSNDFILE = "libsndfile"
    FLAC = "dr_flac"
    MP3 = "dr_mp3"


@dataclass(frozen=True, slots=True)
class Part:
    """A recording within a file.

    ``seconds``: its duration by its header or number of frames; None if it is not known yet. ``ranges``: bytes of the file that it
    consists of; None: all. ``patches``: bytes that replace those of the file, by offset.
    """

    decoder: Decoder
    seconds: float | None = None
    ranges: Sequence[ByteRange] | None = None
    patches: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of a file in order. ``damage``: the end of a sentence that says what is damaged; None if nothing is."""

    parts: Sequence[Part]
    damage: str | None = None


class ByteRanges(io.RawIOBase):
    """A file object that reads some byte ranges of a file as one file. ``patches``: see ``Part``."""

    def __init__(self, path: Path, ranges: Sequence[ByteRange], patches: Mapping[int, bytes] | None = None) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._ranges = ranges
        self._patches = patches or {}
        self._length = sum(end - start for start, end in ranges)
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The position from the start of the first range."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves to a position; positions are counted from the start of the first range."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Reads into ``buffer`` and returns the number of bytes."""
        view = memoryview(buffer).cast("B")
        filled = before = 0
        for start, end in self._ranges:
            skipped = self._position - before
            if skipped < end - start and filled < len(view):
                count = self._read_at(start + max(skipped, 0), view[filled : filled + end - start - max(skipped, 0)])
                filled += count
                self._position += count
            before += end - start
        return filled

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()

    def _read_at(self, offset: int, view: memoryview) -> int:
        self._file.seek(offset)
        count = self._file.readinto(view)
        for at, data in self._patches.items():
            for index, value in enumerate(data, start=at - offset):
                if 0 <= index < count:
                    view[index] = value
        return count


def native(path: Path) -> Path | bytes:
    """The path for libsndfile: bytes, as names need not be valid text, except on Windows."""
    return path if sys.platform == "win32" else os.fsencode(path)
