"""The folder that an export makes or replaces: complete, or left as it was."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from speaker_tracker.models import ModelError
from speaker_tracker.models.exported import FEATURES


def check_target(folder: Path, mark: str = FEATURES) -> None:
    """Raises ``ModelError`` where ``folder`` holds anything but an earlier export, which has a file named ``mark``."""
    if folder.exists() and any(folder.iterdir()) and not (folder / mark).is_file():
        raise ModelError(f"{folder} holds something else than an exported model; give a folder that is empty or does not exist yet")


@contextmanager
def working_folder(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` that takes its place at the end, unless something was raised. Raises ``ModelError``."""
    working = target.parent / f".exporting-{uuid.uuid4().hex}"
    try:
        working.mkdir(parents=True)
        yield working
        shutil.rmtree(target, ignore_errors=True)
        working.rename(target)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ModelError(f"{target} cannot be written to ({reason}); give another folder with --output") from error
    finally:
        shutil.rmtree(working, ignore_errors=True)
