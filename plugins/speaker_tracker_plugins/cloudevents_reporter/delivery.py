"""Delivery of session reports in the background, so that no session waits for the sink.

Each process has a bounded queue and a few threads that take from it. A report that cannot be delivered is counted, logged in one
line and dropped.
"""

from __future__ import annotations

import atexit
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import uuid4

logger = logging.getLogger(__name__)

THREADS = 4
"""Maximum simultaneous deliveries."""
OVERHEAD_BYTES = 1024
"""Memory of a waiting report beside its text, estimated."""
MAX_NAMED = 20


@dataclass(frozen=True, slots=True)
class SessionReport:
    """The report of a session that ended, to be delivered.

    ``audio_ms``: length of its audio. ``report``: the message to the client, as JSON. ``event_id`` is the same at every attempt.
    """

    session_id: str
    num_speakers: int
    audio_ms: int
    report: str = field(repr=False)
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    event_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def size(self) -> int:
        """Approximate size in memory (bytes)."""
        return len(self.report) + OVERHEAD_BYTES


class DeliveryError(Exception):
    """A report was not taken, and another attempt is useless; the message is half a sentence that says why."""


Pause: TypeAlias = Callable[[float], bool]
"""Waits for a number of seconds before another attempt; answers False at once where the process ends before that."""

Post: TypeAlias = Callable[[SessionReport, Pause], None]
"""Returns once the report was taken. Raises ``DeliveryError``. Called from several threads at once."""


class EventDelivery:
    """Hands reports to ``post`` in the background.

    ``sink``: its name in the log. ``max_waiting_bytes``: memory for waiting reports; those that do not fit are lost, though one
    always fits. ``closing_seconds``: maximum time that ``close`` waits.
    """

    def __init__(self, post: Post, *, sink: str, max_waiting_bytes: int, closing_seconds: float) -> None:
        self._post = post
        self._sink = sink
        self._max_waiting_bytes = max_waiting_bytes
        self._closing_seconds = closing_seconds
        self._changed = threading.Condition()
        self._waiting: deque[SessionReport] = deque()
        self._waiting_bytes = 0
        self._under_way: dict[str, SessionReport] = {}
        self._deadline = math.inf
        self._delivered = self._lost = self._retries = 0
        for number in range(1, THREADS + 1):
            threading.Thread(target=self._work, name=f"event-delivery-{number}", daemon=True).start()
        # Commands that end without closing their chain deliver what they have, too.
        atexit.register(self.close)

    def hand_over(self, report: SessionReport) -> None:
        """Queues a report; returns at once."""
        with self._changed:
            cause = self._why_not(report)
            if cause is None:
                self._waiting.append(report)
                self._waiting_bytes += report.size
                self._changed.notify_all()  # one alone may be in a pause
            else:
                self._lost += 1
        if cause is not None:
            self._log_loss(report, cause)

    def counters(self) -> dict[str, int]:
        """Totals since the start: delivered, lost, retries."""
        with self._changed:
            return {"events_delivered": self._delivered, "events_lost": self._lost, "retries": self._retries}

    def close(self) -> None:
        """Waits for the reports handed over, then drops the rest; reports handed over later are lost."""
        with self._changed:
            if self._deadline < math.inf:
                return
            self._deadline = time.monotonic() + self._closing_seconds
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._waiting and not self._under_way, self._closing_seconds)
            rest = [*self._under_way.values(), *self._waiting]
            self._waiting.clear()
            self._under_way.clear()
            self._lost += len(rest)
        atexit.unregister(self.close)
        if rest:
            named = ", ".join(report.session_id for report in rest[:MAX_NAMED])
            more = f" and {len(rest) - MAX_NAMED} more" if len(rest) > MAX_NAMED else ""
            logger.warning(
                "reports of these sessions were not delivered to %s within %g s of closing, and are lost: %s%s",
                self._sink,
                self._closing_seconds,
                named,
                more,
            )

    def _why_not(self, report: SessionReport) -> str | None:
        if self._deadline < math.inf:
            return "the process is about to end"
        if self._waiting and self._waiting_bytes + report.size > self._max_waiting_bytes:
            return f"{len(self._waiting)} others wait already"
        return None

    def _log_loss(self, report: SessionReport, cause: str) -> None:
        logger.warning("session %s: its report was not delivered to %s, and is lost: %s", report.session_id, self._sink, cause)

    def _work(self) -> None:
        while (report := self._next()) is not None:
            cause = None
            try:
                self._post(report, self._pause)
            except DeliveryError as error:
                cause = str(error)
            except Exception as error:
                # Whatever it was, this thread has others to deliver.
                cause = f"{type(error).__name__}: {error}"
            self._account_for(report, cause)

    def _next(self) -> SessionReport | None:
        """The next report; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._deadline < math.inf)
            if not self._waiting:
                return None
            report = self._waiting.popleft()
            self._waiting_bytes -= report.size
            self._under_way[report.event_id] = report
            return report

    def _account_for(self, report: SessionReport, cause: str | None) -> None:
        with self._changed:
            given_up = report.event_id not in self._under_way
        if cause is not None and not given_up:
            self._log_loss(report, cause)  # before it is counted, as closing waits for that
        with self._changed:
            if self._under_way.pop(report.event_id, None) is None:
                return
            if cause is None:
                self._delivered += 1
            else:
                self._lost += 1
            self._changed.notify_all()

    def _pause(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        with self._changed:
            while (left := end - time.monotonic()) > 0:
                if end > self._deadline:
                    return False
                self._changed.wait(left)
            self._retries += 1
            return True
