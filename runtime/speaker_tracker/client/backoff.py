"""Retry policy of a client: exponential backoff with jitter."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from speaker_tracker.client.errors import BadArgument

STEADY_SECONDS = 10.0
"""Minimum duration of a session that ends a row of failures."""
MOST_DOUBLINGS = 100
"""Limit of the exponent: pauses are long enough by then, and the float does not overflow."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that double from ``first_seconds`` up to ``longest_seconds``, each shortened at random by up to a half.

    ``attempts``: retries in a row. ``give_up_seconds``: no attempt begins later than this after the first failure.
    """

    attempts: int = 12
    first_seconds: float = 0.5
    longest_seconds: float = 8.0
    give_up_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 0 or self.first_seconds < 0 or self.longest_seconds < self.first_seconds or self.give_up_seconds < 0:
            raise BadArgument(f"attempts and seconds cannot be negative, nor longest_seconds less than first_seconds, as in {self}")


class Attempts:
    """Counts failures in a row and computes the pause before the next attempt."""

    def __init__(self, backoff: Backoff, clock: Callable[[], float] = time.monotonic) -> None:
        self._made = 0
        self._backoff = backoff
        self._clock = clock
        self._since = 0.0

    def pause(self) -> float | None:
        """Seconds to wait after a failure before the next attempt; None: give up."""
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
        """Notes a session and its duration; one that was too short does not end the row of failures."""
        if seconds >= STEADY_SECONDS:
            self._made = 0
