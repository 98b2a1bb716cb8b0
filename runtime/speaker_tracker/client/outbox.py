"""Buffer of audio and gaps until the server has acknowledged them: what it has not when a connection is lost is sent again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from speaker_tracker.protocol import BYTES_PER_MS, BYTES_PER_SECOND, MAX_GAP_MS

MAX_KEPT_SECONDS = 120
"""Maximum audio kept in memory; senders of more wait until the server has acknowledged some of it."""
MAX_KEPT_BYTES = MAX_KEPT_SECONDS * BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without audio between what was sent before and what is sent next, such as of a muted microphone.

    ``ms``: its length in milliseconds, from 1 to a day.
    """

    ms: int


class Outbox:
    """A queue of PCM and gaps that can be rewound to what is not acknowledged yet.

    Positions are bytes since the first byte ever put in; a gap counts as many bytes as audio of its length. A gap is sent,
    acknowledged and sent again as a whole.

    ``keeps``: whether audio that was sent may have to be sent again; otherwise it is dropped once sent.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        self._keeps = keeps
        self._pieces: deque[bytearray | Gap] = deque()
        self._audio_bytes = 0
        self._start = self._end = 0
        self._sent = self._given_out = 0
        self._session_start = 0
        self._resent_until = 0

    def __len__(self) -> int:
        """Number of bytes of audio kept, sent or not."""
        return self._audio_bytes

    @property
    def end(self) -> int:
        """Total number of bytes put in, gaps included."""
        return self._end

    @property
    def unsent(self) -> int:
        """Number of bytes still to be sent in this session, gaps included."""
        return self._end - self._sent

    @property
    def is_catching_up(self) -> bool:
        """Whether audio that was put in before this session began is still to be sent."""
        return self._sent < self._resent_until

    def has_room_for(self, length: int) -> bool:
        """Whether ``length`` more bytes may be put in."""
        return self._audio_bytes + length <= MAX_KEPT_BYTES

    def put(self, pcm: bytes) -> None:
        """Appends audio, a whole number of samples."""
        if not pcm:
            return
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, bytearray):
            last += pcm
        else:
            self._pieces.append(bytearray(pcm))
        self._audio_bytes += len(pcm)
        self._end += len(pcm)

    def put_gap(self, ms: int) -> None:
        """Appends a gap; it joins a gap before it that has not been sent yet."""
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, Gap) and self._given_out <= self._end - _length(last) and last.ms + ms <= MAX_GAP_MS:
            self._pieces[-1] = Gap(last.ms + ms)
        else:
            self._pieces.append(Gap(ms))
        self._end += ms * BYTES_PER_MS

    def next(self, length: int) -> bytes | Gap:
        """The next gap, or the next bytes to send, at most ``length``; empty if all is sent. Sent once ``mark_sent`` is called."""
        for begin, piece in self._positions():
            if begin + _length(piece) > self._sent:
                if isinstance(piece, Gap):
                    self._given_out = begin + _length(piece)
                    return piece
                frame = bytes(piece[self._sent - begin : self._sent - begin + length])
                self._given_out = self._sent + len(frame)
                return frame
        self._given_out = self._sent
        return b""

    def mark_sent(self) -> None:
        """Marks the last result of ``next`` as sent; the server may have acknowledged it already."""
        self._sent = self._given_out
        if not self._keeps:
            self.forget_sent()

    def acknowledge(self, ms: float) -> None:
        """Drops what was sent before this time of the session (ms)."""
        self._drop_until(self._session_start + int(ms) * BYTES_PER_MS)

    def forget_sent(self) -> None:
        """Drops all that has been sent."""
        self._drop_until(self._sent)

    def rewind(self) -> int:
        """Begins another session with the oldest audio that is kept; returns its position."""
        self._sent = self._given_out = self._session_start = self._start
        self._resent_until = self._end
        return self._start

    def resume(self, ms: int) -> None:
        """Goes on with the same session from this time of it (ms) on.

        What is not kept any more, as the server had answered for it, becomes a gap.
        """
        position = self._session_start + ms * BYTES_PER_MS
        self._given_out = max(self._given_out, position)
        self._drop_until(position)
        missing = (self._start - position) // BYTES_PER_MS
        if missing > 0:
            self._pieces.appendleft(Gap(missing))
            self._start = position
        self._sent = self._given_out = self._start
        self._resent_until = self._end

    def _positions(self) -> Iterator[tuple[int, bytearray | Gap]]:
        begin = self._start
        for piece in self._pieces:
            yield begin, piece
            begin += _length(piece)

    def _drop_until(self, position: int) -> None:
        position = min(position, self._given_out)
        while self._pieces and self._start < position:
            first = self._pieces[0]
            dropped = min(_length(first), position - self._start)
            if dropped == _length(first):
                self._pieces.popleft()
            elif isinstance(first, Gap):
                break
            else:
                del first[:dropped]
            self._start += dropped
            self._audio_bytes -= 0 if isinstance(first, Gap) else dropped
        self._sent = max(self._sent, self._start)


def _length(piece: bytearray | Gap) -> int:
    """Bytes on the clock."""
    return piece.ms * BYTES_PER_MS if isinstance(piece, Gap) else len(piece)
