"""The search for how many sessions a server carries."""

from __future__ import annotations

FIRST = 8
"""Sessions of the first step."""
RESOLUTION = 0.05
"""Share of the sessions by which a step that passed and one that failed may differ at the end."""


class CapacitySearch:
    """Numbers of sessions to try: doubled until a step fails, then halfway between what passed and what failed.

    ``limit``: the largest number to try.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._passed = 0
        self._failed: int | None = None

    @property
    def passed(self) -> int:
        """The largest number that passed; 0 if none did."""
        return self._passed

    def next(self) -> int | None:
        """The number to try next; None at the end."""
        if self._failed is None:
            following = min(max(FIRST, 2 * self._passed), self._limit)
            return following if following > self._passed else None
        if self._failed - self._passed <= max(1, round(RESOLUTION * self._failed)):
            return None
        return (self._passed + self._failed) // 2

    def record(self, sessions: int, *, passed: bool) -> None:
        """Notes how the step with this number went."""
        if passed:
            self._passed = max(self._passed, sessions)
        else:
            self._failed = sessions if self._failed is None else min(self._failed, sessions)
