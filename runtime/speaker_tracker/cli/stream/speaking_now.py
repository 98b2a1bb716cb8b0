"""Who speaks now: the speaker whom the server names, and whoever speaks at the same time by the newest labels."""

from __future__ import annotations

from speaker_tracker.protocol import ServerMessage, SpeakerMessage, TimelineMessage
from speaker_tracker.protocol.intervals import Interval, IntervalSet

NEWEST_MS = 250
"""How much of the end of the labels tells of now: half the time between two messages, so that it is over soon."""
STALE_MS = 2000
"""Age of the newest label from which labels say nothing of now."""


class SpeakingNow:
    """Follows the messages of a session that requested the timeline."""

    def __init__(self) -> None:
        self._current: int | None = None
        self._audio_ms = 0
        self._end_ms = 0
        self._newest: dict[int, IntervalSet] = {}

    def add(self, message: ServerMessage) -> None:
        """Takes in a message."""
        if isinstance(message, SpeakerMessage):
            self._current = message.currentSpeakerId
        elif isinstance(message, TimelineMessage):
            self._audio_ms = message.audioMs
            self._label(message)

    def clear(self) -> None:
        """Forgets everything: the session is over."""
        self._current = None
        self._newest.clear()

    @property
    def speakers(self) -> tuple[int, ...]:
        """Those who speak now, in ascending order."""
        current = self._current
        if current is None:
            return ()
        if current not in self._newest or self._audio_ms - self._end_ms >= STALE_MS:
            return (current,)
        own = list(self._newest[current])
        others = (speaker for speaker, theirs in self._newest.items() if speaker != current and _overlap(list(theirs), own))
        return tuple(sorted((current, *others)))

    def _label(self, message: TimelineMessage) -> None:
        for start, end in IntervalSet((segment.startMs, segment.endMs) for segment in message.segments):
            self._end_ms = max(self._end_ms, end)
            for intervals in self._newest.values():
                intervals.remove(start, end)
        for segment in message.segments:
            if segment.speakerId is not None:
                self._newest.setdefault(segment.speakerId, IntervalSet()).add(segment.startMs, segment.endMs)
        for intervals in self._newest.values():
            intervals.remove(0, self._end_ms - NEWEST_MS)


def _overlap(some: list[Interval], others: list[Interval]) -> bool:
    return any(start < until and since < end for start, end in some for since, until in others)
