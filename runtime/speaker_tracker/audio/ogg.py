"""Finds the recordings of an Ogg file (RFC 3533): one, or several that were concatenated ("chained")."""

from __future__ import annotations

import mmap
import zlib
from dataclasses import dataclass
from pathlib import Path

from speaker_tracker.audio.layout import Decoder, Layout, Part

CAPTURE = b"OggS"
HEADER_BYTES = 27
FIRST_PACKET = 28
FLAC = b"\x7fFLAC"
"""First packet of FLAC in Ogg, which libsndfile cannot read if it was written by ffmpeg."""
FIRST_PAGE, LAST_PAGE = 2, 4
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""All bytes with their bits reversed: Ogg's checksum is that of zlib for reversed bits."""


@dataclass(frozen=True, slots=True)
class _Page:
    start: int
    end: int
    flags: int
    serial: bytes
    number: int
    intact: bool


def ogg_layout(path: Path) -> Layout | None:
    """A part for each recording. None for a single, complete one, which libsndfile reads without help."""
    starts: list[int] = []
    decoders: list[Decoder] = []
    numbers: dict[bytes, int] = {}
    damaged, in_head, ended = 0, False, False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        position = 0
        while (page := _next_page(data, position)) is not None:
            if page.flags & FIRST_PAGE:
                if not in_head:
                    starts.append(page.start)
                    begin = data[page.start + FIRST_PACKET : page.start + FIRST_PACKET + len(FLAC)]
                    decoders.append(Decoder.FLAC if begin == FLAC else Decoder.LIBSNDFILE)
                numbers.pop(page.serial, None)
            in_head = bool(page.flags & FIRST_PAGE)
            damaged += page.number != numbers.get(page.serial, page.number) or not page.intact
            numbers[page.serial] = page.number + 1
            ended = bool(page.flags & LAST_PAGE)
            position = page.end
        size = len(data)
        garbage = position < size and ended
    if damaged:
        damage: str | None = "some of its pages are missing or broken"
    elif not ended:
        damage = "it ends before its last page"
    else:
        damage = f"its last {size - position} bytes are no Ogg" if garbage else None
    if damage is None and decoders == [Decoder.LIBSNDFILE]:
        return None
    ends = [*starts[1:], size]
    return Layout([Part(decoder, None, [(start, end)]) for decoder, start, end in zip(decoders, starts, ends, strict=True)], damage)


def _next_page(data: mmap.mmap, position: int) -> _Page | None:
    while (start := data.find(CAPTURE, position)) >= 0:
        head = data[start : start + HEADER_BYTES]
        if len(head) < HEADER_BYTES:
            return None
        table = data[start + HEADER_BYTES : start + HEADER_BYTES + head[26]]
        end = start + HEADER_BYTES + head[26] + sum(table)
        if head[4] == 0 and len(table) == head[26] and end <= len(data):
            page = head[:22] + bytes(4) + data[start + 26 : end]
            intact = _checksum(page) == int.from_bytes(head[22:26], "little")
            if intact or data[end : end + 4] == CAPTURE:
                return _Page(start, end, head[5], head[14:18], int.from_bytes(head[18:22], "little"), intact)
        position = start + len(CAPTURE)
    return None


def _checksum(page: bytes) -> int:
    reflected = zlib.crc32(page.translate(REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    return int.from_bytes(reflected.to_bytes(4, "big").translate(REVERSED), "little")
