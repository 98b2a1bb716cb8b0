"""How often and how soon a client tries again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from speaker_tracker.client.errors import BadArgument

STEADY_SECONDS = 10.0
"""A session that lasts so long ends a row of failures."""
MOST_DOUBLINGS = 100
"""Pauses are long enough by then, and the float does not overflow."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses grow from ``first_seconds`` twofold up to ``longest_seconds``, each less up to a half of it by chance.

    ``attempts``: how often in a row to try again. ``give_up_seconds``: no attempt begins later than this after the first failure.
    """

    attempts: int = 12
    first_seconds: float = 0.5
    longest_seconds: float = 8.0
    give_up_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 0 or self.first_seconds < 0 or self.longest_seconds < self.first_seconds or self.give_up_seconds < 0:
            raise BadArgument(f"attempts and seconds cannot be negative, nor longest_seconds less than first_seconds, as in {self}")


class Attempts:
    """Counts failures in a row and says how long to wait before the next attempt."""

    def __init__(self, backoff: Backoff, clock: Callable[[], float] = time.monotonic) -> None:
        self._made = 0
        self._backoff = backoff
        self._clock = clock
        self._since = 0.0

    def pause(self) -> float | None:
        """After a failure: seconds to wait before the next attempt; None: there is to be none."""
        if self._made == 0:
            self._since = self._clock()
        if self._made >= self._backoff.attempts:
            return None
        full = min(self._backoff.first_seconds * 2.0 ** min(self._made, MOST_DOUBLINGS), self._backoff.longest_seconds)
        seconds = full * random.uniform(0.5, 1.0)  # noqa: S311 - keeps clients apart, no secret
        if self._clock() + seconds - self._since > self._backoff.give_up_seconds:
            return None
        self._made += 1
        return seconds

    def succeeded(self, seconds: float) -> None:
        """An attempt led to a session that lasted so long; one that was not steady does not end the row."""
        if seconds >= STEADY_SECONDS:
            self._made = 0
