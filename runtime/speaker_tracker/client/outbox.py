"""Buffer of audio until the server has acknowledged it: what it has not acknowledged when a connection is lost is sent again."""

from __future__ import annotations

from speaker_tracker.protocol import BYTES_PER_MS, BYTES_PER_SECOND

MAX_KEPT_SECONDS = 120
"""Maximum audio kept in memory; senders of more wait until the server has acknowledged some of it."""
MAX_KEPT_BYTES = MAX_KEPT_SECONDS * BYTES_PER_SECOND


class Outbox:
    """A queue of PCM that can be rewound to what is not acknowledged yet. Positions are bytes since the first byte ever put in.

    ``keeps``: whether audio that was sent may have to be sent again; otherwise it is dropped once sent.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        self._keeps = keeps
        self._audio = bytearray()
        self._start = 0
        self._sent = self._given_out = 0
        self._session_start = 0
        self._resent_until = 0

    def __len__(self) -> int:
        """Number of bytes kept, sent or not."""
        return len(self._audio)

    @property
    def end(self) -> int:
        """Total number of bytes put in."""
        return self._start + len(self._audio)

    @property
    def unsent(self) -> int:
        """Number of bytes still to be sent in this session."""
        return self.end - self._sent

    @property
    def is_catching_up(self) -> bool:
        """Whether audio that was put in before this session began is still to be sent."""
        return self._sent < self._resent_until

    def has_room_for(self, length: int) -> bool:
        """Whether ``length`` more bytes may be put in."""
        return len(self._audio) + length <= MAX_KEPT_BYTES

    def put(self, pcm: bytes) -> None:
        """Appends audio, a whole number of samples."""
        self._audio += pcm

    def next(self, length: int) -> bytes:
        """The next bytes to send, at most ``length``; empty if all is sent. They count as sent once ``mark_sent`` is called."""
        begin = self._sent - self._start
        frame = bytes(self._audio[begin : begin + length])
        self._given_out = self._sent + len(frame)
        return frame

    def mark_sent(self) -> None:
        """Marks the last result of ``next`` as sent; the server may have acknowledged it already."""
        self._sent = self._given_out
        if not self._keeps:
            self.forget_sent()

    def acknowledge(self, ms: int) -> None:
        """Drops what was sent before this time of the session (ms)."""
        self._drop_until(self._session_start + ms * BYTES_PER_MS)

    def forget_sent(self) -> None:
        """Drops all that has been sent."""
        self._drop_until(self._sent)

    def rewind(self) -> int:
        """Begins another session with the oldest audio that is kept; returns its position."""
        self._sent = self._given_out = self._session_start = self._start
        self._resent_until = self.end
        return self._start

    def _drop_until(self, position: int) -> None:
        length = max(0, min(position, self._given_out) - self._start)
        del self._audio[:length]
        self._start += length
        self._sent = max(self._sent, self._start)
