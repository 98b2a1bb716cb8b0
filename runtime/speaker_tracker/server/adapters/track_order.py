"""Puts the chunks of a track in order, and tells where there was none."""

from __future__ import annotations

from dataclasses import dataclass

from speaker_tracker.audio.telephone import LINE_RATE
from speaker_tracker.errors import BadInput
from speaker_tracker.protocol import MAX_GAP_MS, ErrorCode

MAX_WAITING = 10
"""Chunks that wait for one before them, 200 ms of them: more, and it is lost."""
TOLERANCE_MS = 60
"""Timestamps may run ahead by this much where no chunk is missing: clocks of networks differ, and are rounded."""
LEAST_GAP_MS = 5
"""Shortest gap where a chunk is missing."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Audio of a line. ``number``: within the track. ``timestamp_ms``: ms since the stream began; both None if not told."""

    number: int | None
    timestamp_ms: int | None
    payload: bytes


class TrackOrder:
    """Order of one track. Chunks come out as they are due, each as bytes, after the gap before it (ms) if there is one."""

    def __init__(self) -> None:
        self.dropped = 0
        """Chunks that came too late, or twice."""
        self._due = 1
        self._waiting: dict[int, Chunk] = {}
        self._heard_bytes = 0
        self._gaps_ms = 0

    def add(self, chunk: Chunk) -> list[bytes | int]:
        """What is due once ``chunk`` has come. Raises ``BadInput`` where its timestamp cannot be."""
        if chunk.number is None:
            return self._put_out(chunk, is_missing=False)
        if not self._heard_bytes and not self._waiting:
            self._due = min(self._due, chunk.number)
        if chunk.number < self._due or chunk.number in self._waiting:
            self.dropped += 1
            return []
        self._waiting[chunk.number] = chunk
        return self._due_now(keep=MAX_WAITING)

    def rest(self) -> list[bytes | int]:
        """What still waits, in order."""
        return self._due_now(keep=0)

    def _due_now(self, keep: int) -> list[bytes | int]:
        out: list[bytes | int] = []
        while self._waiting and (self._due in self._waiting or len(self._waiting) > keep):
            number = min(self._waiting)
            out += self._put_out(self._waiting.pop(number), is_missing=number > self._due)
            self._due = number + 1
        return out

    def _put_out(self, chunk: Chunk, *, is_missing: bool) -> list[bytes | int]:
        out: list[bytes | int] = []
        if chunk.timestamp_ms is not None:
            ahead = chunk.timestamp_ms - self._heard_bytes * 1000 // LINE_RATE - self._gaps_ms
            if ahead > MAX_GAP_MS:
                raise BadInput(
                    ErrorCode.INVALID_MESSAGE,
                    f"a timestamp is {ahead} ms ahead of its track's audio; it must be in ms of the stream",
                )
            if ahead >= (LEAST_GAP_MS if is_missing else TOLERANCE_MS):
                self._gaps_ms += ahead
                out.append(ahead)
        self._heard_bytes += len(chunk.payload)
        if chunk.payload:
            out.append(chunk.payload)
        return out
