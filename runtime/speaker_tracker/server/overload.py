"""Admission by measured lag: whether a server that has sessions left by count has the time for another one."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from threading import Lock

from speaker_tracker.protocol import ErrorCode, ErrorMessage

WINDOW_SECONDS = 5.0
"""Time over which lag is looked at."""

SLICES = 10
"""Parts of the window, which are forgotten one by one."""

PERCENTILE = 0.95

MIN_SAMPLES = 20
"""Samples in the window below which there is nothing to judge by."""

RELEASE = 0.6
"""Part of the limit that lag must fall below before sessions are taken again."""

NEWCOMER_SECONDS = 2.0
"""Time until a session that was let in has shown in the lag what it costs."""

NEWCOMERS_PER_CORE = 16
"""Sessions for each core that may be newcomers at once while lag is low."""

RISING = 0.5
"""Part of the limit from which lag counts as high, so that few may be newcomers at once."""

NEWCOMERS_WHILE_RISING = 2

CARRIED = 0.9
"""Part of the sessions that were open when lag passed its limit which can be carried for sure."""

TRIAL_SECONDS = 10.0
"""Time for which lag must stay low until one session more than were carried for sure is tried."""

BUCKETS_PER_DOUBLING = 8
"""Resolution of the counts: lag is known to a twelfth."""

SHORTEST_SECONDS = 0.001
BUCKETS = 16 * BUCKETS_PER_DOUBLING
"""From a millisecond to a minute."""


class Overload:
    """Judge of whether another session may start, by the 95th percentile of recent lag against a limit.

    ``max_lag_seconds``: the limit; 0 lets everybody in. Above it nobody is let in until lag has fallen to ``RELEASE`` of it.
    Sessions that were let in within ``NEWCOMER_SECONDS`` have not shown yet what they cost: there may be ``newcomers`` of them at
    once, and ``NEWCOMERS_WHILE_RISING`` where lag is above ``RISING`` of the limit. Lag comes and goes with how much people speak,
    so that of a moment is not enough: once it has passed the limit, no more than ``CARRIED`` of the sessions that were open then
    are let in, and one more for each ``TRIAL_SECONDS`` of low lag. ``clock``: seconds that only rise.

    Methods may be called from any thread and take microseconds.
    """

    def __init__(self, max_lag_seconds: float, newcomers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = max_lag_seconds
        self._newcomers = newcomers
        self._clock = clock
        self._lock = Lock()
        self._slices: deque[tuple[int, list[int]]] = deque()
        self._closed = False
        self._let_in: deque[float] = deque()
        self._open = 0
        self._most_open = math.inf
        self._tried_at = 0.0

    def note(self, lag_seconds: float) -> None:
        """Take note of how long some audio waited for its answer, in seconds."""
        if not self._limit:
            return
        with self._lock:
            self._current_slice()[_bucket(lag_seconds)] += 1

    def p95(self) -> float | None:
        """95th percentile of recent lag, in seconds; None where there are too few samples."""
        with self._lock:
            return self._percentile()

    def refusal(self, *, let_in: bool = True) -> ErrorMessage | None:
        """Error message for a client that wants a session now; None where it may have one, which is counted as let in if it is.

        ``let_in``: whether it gets its session now, or this is only a look.
        """
        if not self._limit:
            return None
        with self._lock:
            lag = self._percentile()
            now = self._clock()
            if lag is None or lag < self._limit * RELEASE:
                self._closed = False
            elif lag > self._limit:
                self._note_limit(now)
            if self._closed:
                return _busy("is working at its limit")
            if self._open >= self._most_open and not self._may_try(now, lag):
                return _busy("has as many sessions as it can carry")
            while self._let_in and self._let_in[0] <= now - NEWCOMER_SECONDS:
                self._let_in.popleft()
            if lag is not None:
                allowed = self._newcomers if lag < self._limit * RISING else NEWCOMERS_WHILE_RISING
                if len(self._let_in) >= allowed:
                    return _busy("has just taken many sessions")
            if let_in:
                self._let_in.append(now)
                self._open += 1
            return None

    def ended(self, seconds: float) -> None:
        """Take note that a session that was let in is over, ``seconds`` later: it is no newcomer any more."""
        if not self._limit:
            return
        with self._lock:
            self._open -= 1
            if seconds < NEWCOMER_SECONDS and self._let_in:
                self._let_in.pop()

    def _note_limit(self, now: float) -> None:
        self._tried_at = now
        if not self._closed:
            self._closed = True
            self._most_open = max(1, min(self._most_open, math.floor(self._open * CARRIED)))

    def _may_try(self, now: float, lag: float | None) -> bool:
        """Whether one more session than was found to be carried may be tried now; it is counted as carried then."""
        if lag is not None and lag >= self._limit * RELEASE:
            self._tried_at = now
        if now - self._tried_at < TRIAL_SECONDS:
            return False
        self._tried_at = now
        self._most_open = self._open + 1
        return True

    def _current_slice(self) -> list[int]:
        number = self._forget_old()
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append((number, [0] * BUCKETS))
        return self._slices[-1][1]

    def _forget_old(self) -> int:
        number = int(self._clock() * SLICES / WINDOW_SECONDS)
        while self._slices and self._slices[0][0] <= number - SLICES:
            self._slices.popleft()
        return number

    def _percentile(self) -> float | None:
        self._forget_old()
        counts = [sum(column) for column in zip(*(counts for _, counts in self._slices), strict=True)]
        total = sum(counts)
        if total < MIN_SAMPLES:
            return None
        beyond = total - math.ceil(PERCENTILE * total)
        above = 0
        for bucket in range(BUCKETS - 1, -1, -1):
            above += counts[bucket]
            if above > beyond:
                return _lag_of(bucket)
        return None


def _bucket(seconds: float) -> int:
    if seconds <= SHORTEST_SECONDS:
        return 0
    return min(BUCKETS - 1, math.ceil(math.log2(seconds / SHORTEST_SECONDS) * BUCKETS_PER_DOUBLING))


def _lag_of(bucket: int) -> float:
    """Upper bound of a bucket, in seconds."""
    return float(SHORTEST_SECONDS * 2.0 ** (bucket / BUCKETS_PER_DOUBLING))


def _busy(why: str) -> ErrorMessage:
    return ErrorMessage(code=ErrorCode.SERVER_BUSY, message=f"the server {why}; connect again later")
