"""Bounded queue of events that wait to be read."""

from __future__ import annotations

from collections import deque

from speaker_tracker.client.events import EventsMissed, TrackerEvent


class EventBuffer:
    """Holds at most ``limit`` events; when it is full, the oldest is dropped and counted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events: deque[TrackerEvent] = deque()
        self._missed = 0

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: TrackerEvent) -> None:
        """Adds an event."""
        if len(self._events) >= self._limit:
            self._events.popleft()
            self._missed += 1
        self._events.append(event)

    def take(self) -> TrackerEvent | None:
        """Removes and returns the oldest event, preceded by ``EventsMissed`` if events were dropped; None if there is none."""
        if self._missed:
            missed, self._missed = self._missed, 0
            return EventsMissed(missed)
        return self._events.popleft() if self._events else None
