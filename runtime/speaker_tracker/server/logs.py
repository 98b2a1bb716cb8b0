"""Logging of the server's processes: to standard error, one line a record."""

from __future__ import annotations

import logging
import sys

FORMAT = "%(asctime)s %(levelname)s [%(process)d] %(name)s: %(message)s"
OWN_LOGGERS = ("speaker_tracker", "speaker_tracker_stages", "speaker_tracker_plugins", "hypercorn.access")


def configure_logging(level: str) -> None:
    """Log records of this distribution from ``level`` (as the setting names it) on, those of others from warnings on."""
    logging.basicConfig(stream=sys.stderr, format=FORMAT, level=logging.WARNING, force=True)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level.upper())


def log_to_standard_error(level: str) -> None:
    """Log records of this distribution where the process has not configured them; nothing that it has is changed."""
    for name in OWN_LOGGERS:
        own = logging.getLogger(name)
        if own.level == logging.NOTSET:
            own.setLevel(level.upper())
        if not own.hasHandlers():
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(logging.Formatter(FORMAT))
            own.addHandler(handler)
