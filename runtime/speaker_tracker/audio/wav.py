"""Finds the recordings of a WAV file (RIFF, "Multimedia Programming Interface and Data Specifications 1.0", 1991).

Recorders that crash leave a header without a length, and files may have been concatenated.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

from speaker_tracker.audio.layout import Decoder, Layout, Part

HEADER_BYTES = 12
CHUNK_HEADER_BYTES = 8
UNKNOWN = (0, 0xFFFF_FFFF)
"""Sizes of a data chunk whose length was not known when its header was written."""
NO_LENGTH = "its header does not say how long it is, as where a recorder did not come to its end"


@dataclass(frozen=True, slots=True)
class _Samples:
    """A data chunk. ``size_at``: offset of its size. ``start``: offset of its samples. ``bytes_per_second``: 0 if unknown."""

    size_at: int
    start: int
    size: int
    bytes_per_second: int


def wav_layout(path: Path) -> Layout | None:
    """A part for each recording. None for a single, complete one, which libsndfile reads without help."""
    parts, damage = [], None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        position = 0
        while _begins(data, position):
            samples = _samples(data, position)
            if samples is None:
                break
            there = len(data) - samples.start
            if samples.size in UNKNOWN and there:
                damage = NO_LENGTH
            elif samples.size > there:
                damage = f"its header says {_stated(samples)}"
            else:
                there = samples.size
            end = _behind(data, position, samples.start + there)
            size = there.to_bytes(4, "little") if there < UNKNOWN[1] else b"\xff" * 4
            patches = {} if damage is None else {samples.size_at - position: size}
            seconds = there / samples.bytes_per_second if samples.bytes_per_second else None
            parts.append(Part(Decoder.LIBSNDFILE, seconds, [(position, end)], _moved(patches, position)))
            position = end
    return Layout(parts, damage) if damage is not None or len(parts) > 1 else None


def _moved(patches: dict[int, bytes], position: int) -> dict[int, bytes]:
    return {position + at: data for at, data in patches.items()}


def _stated(samples: _Samples) -> str:
    return f"{samples.size / samples.bytes_per_second:.1f} s" if samples.bytes_per_second else f"{samples.size} bytes"


def _begins(data: mmap.mmap, position: int) -> bool:
    return data[position : position + 4] == b"RIFF" and data[position + 8 : position + HEADER_BYTES] == b"WAVE"


def _samples(data: mmap.mmap, position: int) -> _Samples | None:
    rate, position = 0, position + HEADER_BYTES
    while len(head := data[position : position + CHUNK_HEADER_BYTES]) == CHUNK_HEADER_BYTES:
        size, start = int.from_bytes(head[4:], "little"), position + CHUNK_HEADER_BYTES
        if head[:4] == b"fmt ":
            rate = int.from_bytes(data[start + 8 : start + 12], "little")
        if head[:4] == b"data":
            empty = size == 0 and _is_chunk(data, start)
            return None if empty else _Samples(position + 4, start, size, rate)
        position = start + size + size % 2
    return None


def _is_chunk(data: mmap.mmap, position: int) -> bool:
    head = data[position : position + CHUNK_HEADER_BYTES]
    size = int.from_bytes(head[4:], "little")
    return len(head) == CHUNK_HEADER_BYTES and head[:4].isalnum() and position + CHUNK_HEADER_BYTES + size <= len(data)


def _behind(data: mmap.mmap, first: int, position: int) -> int:
    """Offset of the next recording after the samples and chunks that may follow; the end of the file if there is none."""
    while position < len(data):
        padded = position + (position - first) % 2
        for start in (padded, position):
            if _begins(data, start):
                return start
        if not _is_chunk(data, padded):
            return len(data)
        position = padded + CHUNK_HEADER_BYTES + int.from_bytes(data[padded + 4 : padded + 8], "little")
    return len(data)
