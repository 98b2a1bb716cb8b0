"""What downloads into the model cache have in common: a folder comes into being whole or not at all, and how failures are put."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from speaker_tracker.models.errors import ModelError

TIMEOUT_SECONDS = 10.0
"""Timeout of one request."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def working_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside ``folder``, to be renamed to it; removed at the end otherwise. Raises ``ModelError``."""
    working = folder.parent / f".fetching-{uuid.uuid4().hex}"
    try:
        working.mkdir(parents=True)
    except OSError as error:
        raise ModelError(cannot_write(error, folder)) from error
    try:
        yield working
    finally:
        shutil.rmtree(working, ignore_errors=True)


def is_disk_error(error: Exception) -> bool:
    """Whether the disk or its permissions are at fault, and not the network."""
    return isinstance(error, OSError) and (error.errno in _FULL or isinstance(error, PermissionError))


def cannot_write(error: OSError, folder: Path) -> str:
    """The sentence for a ``folder`` that cannot be made."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{folder.parent} cannot be written to ({reason}); SPEAKER_TRACKER_MODEL_CACHE sets another folder for models"


def first_line(error: Exception) -> str:
    """What an exception says, without a stop at the end; its name if it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".:") if lines else type(error).__name__
