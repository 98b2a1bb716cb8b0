"""Events that wait to be read, a bounded number of them."""

from __future__ import annotations

from collections import deque

from speaker_tracker.client.events import EventsMissed, TrackerEvent


class EventBuffer:
    """Holds at most ``limit`` events; where another comes, the oldest is dropped and counted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events: deque[TrackerEvent] = deque()
        self._missed = 0

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: TrackerEvent) -> None:
        """Takes one event in."""
        if len(self._events) >= self._limit:
            self._events.popleft()
            self._missed += 1
        self._events.append(event)

    def take(self) -> TrackerEvent | None:
        """The oldest event, ``EventsMissed`` first where some were dropped before it; None where none waits."""
        if self._missed:
            missed, self._missed = self._missed, 0
            return EventsMissed(missed)
        return self._events.popleft() if self._events else None
