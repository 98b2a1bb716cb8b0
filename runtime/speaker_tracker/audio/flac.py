"""Finds the streams of a FLAC file (RFC 9639): one, or several that were concatenated."""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import BinaryIO

from speaker_tracker.audio.layout import ByteRanges, Decoder, Layout, Part

STREAM = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
"""The stream marker, and the header of the block STREAMINFO, which always follows (section 8.2)."""
_INFO_BYTES = 18
_HEAD_BYTES = 128
"""Number of first bytes that contain STREAMINFO, also after the header of an Ogg page."""


def flac_layout(path: Path) -> Layout:
    """A part for each stream, with the duration of its STREAMINFO; no parts if no stream is found."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        starts = [found.start() for found in STREAM.finditer(data)]
        ends = [*starts[1:], len(data)]
        infos = [_stream_info(data[start + 8 : start + 8 + _INFO_BYTES]) for start in starts]
    return Layout(
        [
            Part(Decoder.FLAC, count / info[0] if (count := info[2]) else None, [(start, end)])
            for start, end, info in zip(starts, ends, infos, strict=True)
            if info is not None
        ]
    )


def flac_format(file: ByteRanges | BinaryIO) -> tuple[int, int] | None:
    """Sample rate in Hz and number of channels of the first stream; None if its STREAMINFO is damaged."""
    file.seek(0)
    head = file.read(_HEAD_BYTES) or b""
    found = STREAM.search(head)
    info = None if found is None else _stream_info(head[found.end() : found.end() + _INFO_BYTES])
    return None if info is None else info[:2]


def _stream_info(block: bytes) -> tuple[int, int, int] | None:
    """Sample rate in Hz, number of channels, and number of samples; the latter is 0 if unknown."""
    if len(block) < _INFO_BYTES:
        return None
    bits = int.from_bytes(block[10:18], "big")
    rate = bits >> 44
    return (rate, (bits >> 41 & 7) + 1, bits & ((1 << 36) - 1)) if rate else None
