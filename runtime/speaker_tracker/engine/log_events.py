"""Log records as events: a stable word and fields for programs beside the message for people, and the session they belong to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any

EVENT = "event"
FIELDS = "event_fields"
"""Names of the attributes of a record that has an event."""


@dataclass(frozen=True, slots=True)
class LogContext:
    """On whose behalf something is logged; what is empty is not known, or not to be told.

    ``session``: its id. ``trace_id``, ``span_id``: the client's trace, as in W3C Trace Context. ``address``: the client's.
    ``token``: the name of the token that let it in.
    """

    session: str = ""
    trace_id: str = ""
    span_id: str = ""
    address: str = ""
    token: str = ""

    @property
    def known(self) -> dict[str, str]:
        """What is known, by name."""
        return {name: value for name, value in asdict(self).items() if value}


NOBODY = LogContext()

_context: ContextVar[LogContext] = ContextVar("log_context", default=NOBODY)


def current_context() -> LogContext:
    """Whose records this task or thread writes now."""
    return _context.get()


@contextmanager
def logged_for(context: LogContext) -> Iterator[None]:
    """Block whose records, and those of tasks that it begins, belong to ``context``."""
    token = _context.set(context)
    try:
        yield
    finally:
        _context.reset(token)


def log_event(logger: logging.Logger, level: int, event: str, message: str, *arguments: Any, **fields: Any) -> None:
    """Log ``message`` with ``arguments``, as ``logger.log`` does, and with it the word ``event`` and ``fields``; None: left out.

    Neither holds what a client sent, nor its address.
    """
    logger.log(level, message, *arguments, extra=event_extra(event, **fields))


def event_extra(event: str, **fields: Any) -> dict[str, Any]:
    """``extra`` of a record with ``event`` and ``fields``, for ``logger.exception`` and the like."""
    return {EVENT: event, FIELDS: {name: value for name, value in fields.items() if value is not None}}
