"""Logging of the server's processes: to standard error, one line a record, as text or as JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from speaker_tracker.engine.log_events import EVENT, FIELDS, current_context

LogFormat: TypeAlias = Literal["text", "json"]

FORMAT = "%(asctime)s %(levelname)s [%(process)d] %(name)s: %(message)s"
OWN_LOGGERS = ("speaker_tracker", "speaker_tracker_stages", "speaker_tracker_plugins", "hypercorn.access")
PLAIN_EVENT = "log"
"""Event of records that have none of their own."""


class TextFormatter(logging.Formatter):
    """Line for people; at its end what the message does not say of the session, and the client's trace."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base's name
        """The line without a traceback."""
        ids = [f"{name}={value}" for name, value in current_context().known.items() if value not in record.message]
        return " ".join([super().formatMessage(record), *ids])


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time`` (RFC 3339, UTC), ``level``, ``logger``, ``process``, ``event``, ``message``, fields.

    What is known of the session that it is about is there by the names of ``LogContext``; ``exception`` is the traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        values: dict[str, Any] = {
            "time": f"{time}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "event": getattr(record, EVENT, PLAIN_EVENT),
            **current_context().known,
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            values["exception"] = self.formatException(record.exc_info)
        return json.dumps(values, default=str)


def _formatter(log_format: LogFormat) -> logging.Formatter:
    return JsonFormatter() if log_format == "json" else TextFormatter()


def configure_logging(level: str, log_format: LogFormat = "text") -> None:
    """Log records of this distribution from ``level`` (as the setting names it) on, those of others from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(log_format))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level.upper())


def log_to_standard_error(level: str, log_format: LogFormat = "text") -> None:
    """Log records of this distribution where the process has not configured them; nothing that it has is changed."""
    for name in OWN_LOGGERS:
        own = logging.getLogger(name)
        if own.level == logging.NOTSET:
            own.setLevel(level.upper())
        if not own.hasHandlers():
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(_formatter(log_format))
            own.addHandler(handler)
