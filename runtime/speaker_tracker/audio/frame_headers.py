"""Parses frame headers of MPEG audio (MP1 to MP3) and ADTS (AAC), which are streams of frames without a file header.

MPEG audio: ISO/IEC 11172-3 and 13818-3, 2.4.2.3. ADTS: ISO/IEC 13818-7, 6.2.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass

HEADER_BYTES = 7
"""Length of an ADTS header; those of MPEG audio have 4 bytes."""

_MPEG_1, _MPEG_2 = 3, 2
_LAYER_I, _LAYER_II, LAYER_III = 3, 2, 1
_RATES = (44_100, 48_000, 32_000)
_RATE_DIVISORS = {_MPEG_1: 1, _MPEG_2: 2, 0: 4}
_KBITS = {
    (_MPEG_1, _LAYER_I): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (_MPEG_1, _LAYER_II): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (_MPEG_1, LAYER_III): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (_MPEG_2, _LAYER_I): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (_MPEG_2, _LAYER_II): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (_MPEG_2, LAYER_III): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_ADTS_RATES = 13
_MONO = 3


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """A frame. ``kind``: header fields that are equal in all frames of a stream. ``length``: bytes including the header."""

    kind: tuple[int, ...]
    length: int


@dataclass(frozen=True, slots=True)
class MpegHeader(FrameHeader):
    """A frame of MPEG audio.

    ``samples``: samples per channel. ``rate``: sample rate in Hz. ``side_bytes``: length of the side information of layer III.
    """

    samples: int
    rate: int
    channels: int
    side_bytes: int


def mpeg_header(data: bytes | mmap.mmap, at: int = 0) -> MpegHeader | None:
    """The MPEG audio header at index ``at``; None if there is none, or one with the rarely used free bit rate."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:  # noqa: PLR2004 - eleven bits
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    kbits, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 0 or kbits in (0, 15) or rate == 3 or head[3] & 3 == 2:  # noqa: PLR2004 - reserved values
        return None
    hertz = _RATES[rate] // _RATE_DIVISORS[version]
    bits = 1000 * _KBITS[max(version, _MPEG_2), layer][kbits - 1]
    if layer == _LAYER_I:
        samples, length = 384, (12 * bits // hertz + padding) * 4
    else:
        samples = 576 if layer == LAYER_III and version != _MPEG_1 else 1152
        length = samples // 8 * bits // hertz + padding
    mono = head[3] >> 6 == _MONO
    side_bytes = 0 if layer != LAYER_III else (9 if mono else 17) if version != _MPEG_1 else (17 if mono else 32)
    return MpegHeader((version, layer, rate, mono), length, samples, hertz, 1 if mono else 2, side_bytes)


def adts_header(data: bytes, at: int = 0) -> FrameHeader | None:
    """The ADTS header at index ``at``; None if there is none."""
    head = data[at : at + HEADER_BYTES]
    if len(head) < HEADER_BYTES or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004 - twelve bits, layer 0
        return None
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if head[2] >> 2 & 15 >= _ADTS_RATES or length <= HEADER_BYTES:
        return None
    return FrameHeader((head[1], head[2], head[3] >> 6), length)


def frames_agree(data: bytes, header: Callable[[bytes, int], FrameHeader | None], at: int = 0, *, count: int = 3) -> bool:
    """Whether ``count`` consecutive frames of the same kind begin at index ``at``, which does not happen in PCM by chance.

    Identical frames do not count, since a periodic tone in PCM may look like them.
    """
    headers, bodies = set(), set()
    for _ in range(count):
        found = header(data, at)
        if found is None:
            return False
        headers.add(found.kind)
        bodies.add(data[at : at + found.length])
        at += found.length
    return len(headers) == 1 and len(bodies) > 1
