"""When a session that can be resumed is saved: every few seconds of audio, where possible in a pause.

What stages hold back of the audio is no part of their snapshots, so a session goes on best from a moment in which they hold
nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from speaker_tracker.events import SAMPLE_RATE

SAMPLES_PER_MS = SAMPLE_RATE // 1000

IMPATIENCE = 4
"""Times the interval after which a session is saved in the middle of a word, if there was no pause."""

MOST_TIME = 0.00025
"""Part of the time of the audio that saves may take: about a hundredth of what a session takes in all."""

LONGEST_SECONDS = 30.0
"""Longest interval to which a session is stretched whose saves take long, as one of many hours."""


class Checkpoints:
    """The saves of one session. ``interval_seconds``: audio between two of them.

    A save is *made* in the thread that works on the session, and *stored* later, which is told from the event loop. Where saves
    take long, the interval grows, so that they take no more than ``MOST_TIME``.
    """

    def __init__(self, interval_seconds: float, position: int = 0) -> None:
        """``position``: where the session begins or goes on (samples)."""
        self._interval = round(interval_seconds * SAMPLE_RATE)
        self._made = position
        self._stored = position
        self._shortest = self._interval

    @property
    def stored_ms(self) -> int:
        """Audio and gaps that never need to be sent again, in milliseconds."""
        return self._stored // SAMPLES_PER_MS

    def is_due(self, position: int, is_settled: Callable[[], bool]) -> bool:
        """Whether to save now that stages have been fed what is before ``position`` (samples); counts as made then.

        ``is_settled``: whether they hold nothing back. Only whole milliseconds can be told to a client.
        """
        since = position - self._made
        if since < self._interval or position % SAMPLES_PER_MS:
            return False
        if since < IMPATIENCE * self._interval and not is_settled():
            return False
        self._made = position
        return True

    def took(self, seconds: float) -> None:
        """Takes note of the CPU time of the latest save."""
        wanted = min(round(seconds / MOST_TIME * SAMPLE_RATE), round(LONGEST_SECONDS * SAMPLE_RATE))
        self._interval = max(self._shortest, wanted)

    def stored(self, position: int) -> None:
        """Takes note that what was made at ``position`` is stored."""
        self._stored = max(self._stored, position)
