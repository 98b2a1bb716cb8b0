"""Cuts a segment of speech, as it comes in, into short hops and the longer windows around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NOTHING = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """``samples`` (float32, shape ``(n,)``): the audio of ``[heard_start, heard_end)``, around the hop ``[start, end)``.

    ``fresh``: number of samples, at the end, that were in no window before.
    """

    start: int
    end: int
    heard_start: int
    heard_end: int
    fresh: int
    samples: NDArray[np.float32]


class SpeechWindows:
    """Windows of one segment. Hops of ``hop`` samples tile it; a window of ``length`` samples is centred on each.

    Windows are clipped to the segment and to ``before``, the last samples of a segment that ended where this one begins. At most a
    window, a hop and the samples of one call are buffered.
    """

    def __init__(self, start: int, *, length: int, hop: int, before: NDArray[np.float32] = NOTHING) -> None:
        self._start = start - len(before)
        self._length = length
        self._hop = hop
        self._next = start
        self._heard_to = start
        self._held_from = self._start
        self._held = before

    def feed(self, samples: NDArray[np.float32]) -> Iterator[Window]:
        """Adds samples of the segment; yields the windows that are complete."""
        self._held = np.concatenate([self._held, samples])
        available = self._held_from + len(self._held)
        while self._next + self._hop // 2 + self._length // 2 <= available:
            yield self._window(self._next + self._hop, available)
        self._forget()

    def end(self) -> Iterator[Window]:
        """Ends the segment; yields the windows cut short by its end. A remainder of less than half a hop joins the last hop."""
        available = self._held_from + len(self._held)
        rest = available - self._next
        if rest <= 0:
            return
        stretches = max(1, round(rest / self._hop))
        bounds = [self._next + rest * number // stretches for number in range(1, stretches + 1)]
        for bound in bounds:
            yield self._window(bound, available)

    @property
    def tail(self) -> NDArray[np.float32]:
        """The last samples so far, as many as a window may reach back, float32, shape ``(n,)``."""
        return self._held[max(0, len(self._held) - self._length // 2) :]

    def _window(self, end: int, available: int) -> Window:
        middle = (self._next + end) // 2
        first = max(self._start, middle - self._length // 2)
        last = min(available, middle + self._length // 2)
        samples = self._held[first - self._held_from : last - self._held_from]
        window = Window(self._next, end, first, last, max(0, last - self._heard_to), samples)
        self._next, self._heard_to = end, max(self._heard_to, last)
        return window

    def _forget(self) -> None:
        needed_from = max(self._start, self._next - self._length // 2)
        if needed_from > self._held_from:
            self._held = self._held[needed_from - self._held_from :].copy()
            self._held_from = needed_from
