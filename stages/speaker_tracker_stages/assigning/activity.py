"""What a segmentation has told of recent speech: how much of it is one voice alone, and where speakers may change."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import cast

from speaker_tracker.events import SAMPLE_RATE, Event, OverlappedSpeech, SpeakerChange, SpeechPause
from speaker_tracker.stage import State

CHANGE_REACH = SAMPLE_RATE // 4
"""How far from a boundary a change counts for it (samples)."""
KEPT = 10 * SAMPLE_RATE
"""How long what was told is kept (samples)."""


class RecentActivity:
    """Pauses, overlaps and changes of the last seconds; nothing is known of a session without a segmentation."""

    def __init__(self) -> None:
        self._mixed: deque[tuple[int, int]] = deque()
        self._changes: deque[tuple[int, float]] = deque()
        self._known = False

    def feed(self, event: Event) -> None:
        """Takes in what a segmentation tells; other events are left out."""
        match event:
            case SpeechPause() | OverlappedSpeech():
                self._mixed.append((event.start, event.end))
                self._forget(event.end)
            case SpeakerChange():
                self._changes.append((event.position, event.probability))
                self._forget(event.position)

    def share_alone(self, start: int, end: int) -> float:
        """The share of ``[start, end)`` (samples) in which one person speaks alone, 0 to 1."""
        mixed = sum(max(0, min(last, end) - max(first, start)) for first, last in self._mixed)
        return max(0.0, 1.0 - mixed / max(1, end - start))

    def change(self, position: int) -> float:
        """How probably the speaker changes near ``position`` (samples), 0 to 1; NaN if there is no segmentation."""
        if not self._known:
            return math.nan
        near = (probability for place, probability in self._changes if abs(place - position) <= CHANGE_REACH)
        return max(near, default=0.0)

    def snapshot(self) -> State:
        """All of it, in plain values."""
        return {
            "mixed": [list(each) for each in self._mixed],
            "changes": [list(each) for each in self._changes],
            "known": self._known,
        }

    def restore(self, state: State) -> None:
        """Takes over a ``snapshot``."""
        self._mixed.extend((start, end) for start, end in cast("Sequence[Sequence[int]]", state["mixed"]))
        self._changes.extend((place, change) for place, change in cast("Sequence[tuple[int, float]]", state["changes"]))
        self._known = bool(state["known"])

    def _forget(self, now: int) -> None:
        self._known = True
        while self._mixed and self._mixed[0][1] < now - KEPT:
            self._mixed.popleft()
        while self._changes and self._changes[0][0] < now - KEPT:
            self._changes.popleft()
