"""Sources of audio, in one piece or many, cut into frames for the wire, and the pace to send them at."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TypeAlias, cast

from speaker_tracker.client.outbox import Gap
from speaker_tracker.client.pcm import Audio, as_pcm, pieces
from speaker_tracker.protocol import BYTES_PER_SECOND

FRAME_BYTES = BYTES_PER_SECOND
REALTIME_FRAME_BYTES = BYTES_PER_SECOND // 10

Source: TypeAlias = Audio | Iterable[Audio | Gap]
AsyncSource: TypeAlias = Source | AsyncIterable[Audio | Gap]


def frames(source: Source, *, realtime: bool) -> Iterator[bytes | Gap]:
    """Gaps of ``source``, and frames at most a second long, or a tenth of a second for sending in real time."""
    for audio in _parts(source):
        if isinstance(audio, Gap):
            yield audio
            continue
        yield from pieces(as_pcm(audio), REALTIME_FRAME_BYTES if realtime else FRAME_BYTES)


async def frames_of(source: AsyncSource, *, realtime: bool) -> AsyncIterator[bytes | Gap]:
    """The same for a source that may be asynchronous."""
    if isinstance(source, AsyncIterable):
        async for audio in source:
            for frame in frames([audio], realtime=realtime):
                yield frame
    else:
        for frame in frames(source, realtime=realtime):
            yield frame


def _parts(source: Source) -> Iterable[Audio | Gap]:
    whole = isinstance(source, bytes | bytearray | memoryview) or hasattr(source, "dtype")
    return cast("Iterable[Audio | Gap]", [source] if whole else source)


class Pace:
    """Schedule of real time, from ``now`` (seconds) on."""

    def __init__(self, now: float) -> None:
        self._spoken = now

    def delay(self, frame: bytes | Gap, now: float) -> float:
        """Seconds to wait until the next ``frame`` would have been spoken to its end, or the gap be over; 0 if that is past."""
        self._spoken += frame.ms / 1000 if isinstance(frame, Gap) else len(frame) / BYTES_PER_SECOND
        return max(0.0, self._spoken - now)
