"""Audio until the server has answered for it: what a lost connection has not answered for is sent again."""

from __future__ import annotations

from speaker_tracker.protocol import BYTES_PER_MS, BYTES_PER_SECOND

MAX_KEPT_SECONDS = 120
"""So much audio is kept at most, in memory; whoever gives more waits until the server has answered for some of it."""
MAX_KEPT_BYTES = MAX_KEPT_SECONDS * BYTES_PER_SECOND


class Outbox:
    """Takes audio in at one end; the other end follows the server. Positions are bytes, counted from the first byte ever put in.

    ``keeps``: whether audio that was sent may have to be sent again; else it is let go of as it is sent.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        self._keeps = keeps
        self._audio = bytearray()
        self._start = 0
        self._sent = self._given_out = 0
        self._session_start = 0
        self._resent_until = 0

    def __len__(self) -> int:
        """How many bytes are kept, sent or not."""
        return len(self._audio)

    @property
    def end(self) -> int:
        """How much was put in, in all."""
        return self._start + len(self._audio)

    @property
    def unsent(self) -> int:
        """How much is to be sent in this session."""
        return self.end - self._sent

    @property
    def catches_up(self) -> bool:
        """Whether there is still audio to be sent that was put in before this session began."""
        return self._sent < self._resent_until

    def has_room_for(self, length: int) -> bool:
        """Whether so much more may be put in."""
        return len(self._audio) + length <= MAX_KEPT_BYTES

    def put(self, pcm: bytes) -> None:
        """Takes audio in, whole samples."""
        self._audio += pcm

    def next(self, length: int) -> bytes:
        """What is to be sent next, at most so much; empty where all is sent. It counts as sent once it went out."""
        begin = self._sent - self._start
        frame = bytes(self._audio[begin : begin + length])
        self._given_out = self._sent + len(frame)
        return frame

    def went_out(self) -> None:
        """What ``next`` gave last was sent; the server may have answered for it already."""
        self._sent = self._given_out
        if not self._keeps:
            self.forget_sent()

    def acknowledge(self, ms: int) -> None:
        """The server needs nothing before this time of the session any more, of what it was given."""
        self._drop_until(self._session_start + ms * BYTES_PER_MS)

    def forget_sent(self) -> None:
        """Nothing that was sent by now is to be sent again."""
        self._drop_until(self._sent)

    def rewind(self) -> int:
        """Begins another session with the oldest audio that is kept; gives its position."""
        self._sent = self._given_out = self._session_start = self._start
        self._resent_until = self.end
        return self._start

    def _drop_until(self, position: int) -> None:
        length = max(0, min(position, self._given_out) - self._start)
        del self._audio[:length]
        self._start += length
        self._sent = max(self._sent, self._start)
