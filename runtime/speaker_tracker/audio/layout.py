"""Which parts a sound file has: one, as a rule, and several where recordings were put behind one another or bytes are damaged."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

ByteRange = tuple[int, int]
"""First byte, and the one behind the last."""


class Decoder(Enum):
    """Which library reads a part."""

    LIBSNDFILE = "libsndfile"
    FLAC = "dr_flac"
    MP3 = "dr_mp3"


@dataclass(frozen=True, slots=True)
class Part:
    """One recording of a file.

    ``seconds``: how long it is by its header or its frames; None where only reading tells. ``ranges``: where it lies; None for all
    of the file. ``patches``: bytes that are read in the place of those in the file, by their offset.
    """

    decoder: Decoder
    seconds: float | None = None
    ranges: Sequence[ByteRange] | None = None
    patches: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """All parts of a file, in order. ``damage``: what is wrong with the file, as the end of a sentence; None where nothing is."""

    parts: Sequence[Part]
    damage: str | None = None


class ByteRanges(io.RawIOBase):
    """Some stretches of a file as if they were one file of their own. ``patches``: see ``Part``."""

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
        """Counted from the first stretch's beginning."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of any file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills as much of ``buffer`` as there is."""
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
    """A name as libsndfile takes it: as bytes, names need not be text; Windows has no names of bytes."""
    return path if sys.platform == "win32" else os.fsencode(path)
