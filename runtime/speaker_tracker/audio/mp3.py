"""Finds the recordings in an MP3, MP2 or MP1 file: consecutive frames, without tags and damaged bytes."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path

from speaker_tracker.audio.frame_headers import LAYER_III, MpegHeader, mpeg_header
from speaker_tracker.audio.layout import ByteRange, ByteRanges, Decoder, Layout, Part

SYNC = re.compile(rb"\xff[\xe0-\xff]")
ZEROS = re.compile(rb"\x00+")
AGREEING = 3
"""Number of consecutive frames of the same kind that mark the start of a recording, or its continuation after other bytes."""
TAG_BYTES = 128
TAG_HEADER_BYTES = 10
APE_HEADER_BYTES = 32
FRAMES_FLAG = 1
GAPLESS_FRAMES = 3
"""Number of frames that may be missing from a recording that is not damaged; encoders count differently."""


@dataclass(slots=True)
class _Link:
    """A recording. ``stated``: number of frames according to an information frame (Xing, VBRI), which has no sound; or None."""

    header: MpegHeader
    stated: int | None
    frames: int = 0
    ranges: list[ByteRange] = field(default_factory=list)

    def add(self, start: int, end: int) -> None:
        if self.ranges and self.ranges[-1][1] == start:
            self.ranges[-1] = self.ranges[-1][0], end
        else:
            self.ranges.append((start, end))
        self.frames += 1

    @property
    def whole(self) -> bool:
        return self.stated is not None and self.frames > self.stated


def mp3_layout(path: Path) -> Layout:
    """A part for each recording, with the duration of its frames; no parts if no frames are found."""
    links: list[_Link] = []
    lost = 0
    cut = False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        position, size = 0, len(data)
        while position < size:
            link = links[-1] if links else None
            header = mpeg_header(data, position)
            if header is not None and (link is None or header.kind != link.header.kind):
                header = header if _agreeing(data, position, header) else None
            if header is None:
                behind = _behind_tag(data, position)
                if behind is None:
                    behind = _next_frame(data, position + 1)
                    lost += behind - position
                position = behind
                continue
            if position + header.length > size:
                cut = True
                break
            stated = _stated_frames(data, position, header)
            if link is None or stated is not None or header.kind != link.header.kind or link.whole:
                link = _Link(header, stated)
                links.append(link)
            link.add(position, position + header.length)
            position += header.length
    return Layout([_part(link) for link in links], _damage(links, lost, cut=cut))


def tag_length(head: bytes) -> int:
    """Length in bytes of the ID3v2 tag that begins with ``head``, of which 10 bytes are needed."""
    length = 0
    for byte in head[6:TAG_HEADER_BYTES]:
        length = length << 7 | byte & 0x7F
    return TAG_HEADER_BYTES + length


def mp3_format(file: ByteRanges) -> tuple[int, int] | None:
    """Sample rate in Hz and number of channels of the first frame; None if the file does not begin with one."""
    file.seek(0)
    header = mpeg_header(file.read(4) or b"")
    return None if header is None else (header.rate, header.channels)


def _part(link: _Link) -> Part:
    silent = 0 if link.stated is None else 1
    return Part(Decoder.MP3, max(link.frames - silent, 0) * link.header.samples / link.header.rate, link.ranges)


def _damage(links: list[_Link], lost: int, *, cut: bool) -> str | None:
    for link in links:
        if link.stated is not None and link.frames - 1 < link.stated - GAPLESS_FRAMES:
            return f"its header says {link.stated * link.header.samples / link.header.rate:.1f} s"
    if lost:
        return f"{lost} bytes of it are no MP3"
    return "it ends in the middle of a frame" if cut else None


def _agreeing(data: mmap.mmap, position: int, header: MpegHeader) -> bool:
    """Whether ``AGREEING`` frames of the same kind begin here; fewer suffice at the end or before a tag."""
    for number in range(1, AGREEING):
        position += header.length
        following = mpeg_header(data, position)
        if following is None:
            return number > 1 and (position >= len(data) or _behind_tag(data, position) is not None)
        if following.kind != header.kind:
            return False
        header = following
    return True


def _next_frame(data: mmap.mmap, position: int) -> int:
    """Offset of the next frame; the end of the file if there is none."""
    for found in SYNC.finditer(data, position):
        header = mpeg_header(data, found.start())
        if header is not None and _agreeing(data, found.start(), header):
            return found.start()
    return max(len(data), position)


def _behind_tag(data: mmap.mmap, position: int) -> int | None:
    """Offset after a tag (ID3v2, ID3v1, APE) or zero padding that begins here; None if there is neither."""
    head = data[position : position + APE_HEADER_BYTES]
    if head[:3] == b"ID3" and len(head) > TAG_HEADER_BYTES:
        return position + tag_length(head)
    if head[:3] == b"TAG" and (position + TAG_BYTES == len(data) or _is_begin(data, position + TAG_BYTES)):
        return position + TAG_BYTES
    if head[:8] == b"APETAGEX" and len(head) == APE_HEADER_BYTES:
        is_header = head[23] & 0x20
        return position + (APE_HEADER_BYTES + int.from_bytes(head[12:16], "little") if is_header else APE_HEADER_BYTES)
    zeros = ZEROS.match(data, position)
    return None if zeros is None else zeros.end()


def _is_begin(data: mmap.mmap, position: int) -> bool:
    return data[position : position + 3] == b"ID3" or mpeg_header(data, position) is not None


def _stated_frames(data: mmap.mmap, position: int, header: MpegHeader) -> int | None:
    """The number of frames that follow, if this is an information frame (Xing, Info, VBRI) that states it; else None."""
    if header.kind[1] != LAYER_III:
        return None
    tag = position + 4 + header.side_bytes
    if data[tag : tag + 4] in (b"Xing", b"Info") and data[tag + 7] & FRAMES_FLAG:
        return int.from_bytes(data[tag + 8 : tag + 12], "big")
    if data[position + 36 : position + 40] == b"VBRI":
        return int.from_bytes(data[position + 50 : position + 54], "big")
    return None
