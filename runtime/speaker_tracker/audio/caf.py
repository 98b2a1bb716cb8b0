"""Repairs CAF files that were cut off or do not state their length ("Apple Core Audio Format Specification 1.0")."""

from __future__ import annotations

import mmap
from pathlib import Path

from speaker_tracker.audio.layout import Decoder, Layout, Part
from speaker_tracker.audio.wav import NO_LENGTH

FILE_HEADER_BYTES = 8
CHUNK_HEADER_BYTES = 12
UNKNOWN = (1 << 64) - 1


def caf_layout(path: Path) -> Layout | None:
    """A part with the actual length of its samples, which libsndfile needs; None for files whose header has it."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        position = FILE_HEADER_BYTES
        while len(head := data[position : position + CHUNK_HEADER_BYTES]) == CHUNK_HEADER_BYTES:
            size, there = int.from_bytes(head[4:], "big"), len(data) - position - CHUNK_HEADER_BYTES
            if head[:4] == b"data" and size > there:
                damage = NO_LENGTH if size == UNKNOWN else "it is shorter than its header says"
                return Layout([Part(Decoder.LIBSNDFILE, None, [(0, len(data))], {position + 4: there.to_bytes(8, "big")})], damage)
            position += CHUNK_HEADER_BYTES + size
    return None
