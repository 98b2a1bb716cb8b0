"""What downloads from Hugging Face's hub have in common: a quiet client, and how failures are put."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import constants
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from speaker_tracker.models.downloading import cannot_write, first_line, is_disk_error


@contextmanager
def quiet_client(*, progress: bool) -> Iterator[None]:
    """The hub's client logs errors alone; ``progress``: whether it shows bars on standard error."""
    logger, bars_off = logging.getLogger("huggingface_hub"), are_progress_bars_disabled()
    level = logger.level
    logger.setLevel(logging.ERROR)
    if not progress:
        disable_progress_bars()
    try:
        yield
    finally:
        logger.setLevel(level)
        if not progress and not bars_off:
            enable_progress_bars()


def failure(error: Exception, folder: Path, repository: str, revision: str) -> str:
    """The sentence for an ``error`` while ``revision`` of ``repository`` was downloaded into ``folder``."""
    if isinstance(error, OfflineModeIsEnabled):
        return f"{repository} cannot be fetched while HF_HUB_OFFLINE is set; unset it"
    if isinstance(error, RevisionNotFoundError | RepositoryNotFoundError):
        return f"the hub at {constants.ENDPOINT} has no revision {revision} of {repository}"
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        return f"revision {revision} of {repository} lacks a file that is needed: {first_line(error)}"
    if isinstance(error, HfHubHTTPError) and getattr(error, "response", None) is not None:
        return f"the hub at {constants.ENDPOINT} answered with status {error.response.status_code}; try again later"
    if isinstance(error, OSError) and is_disk_error(error):
        return cannot_write(error, folder)
    return (
        f"{repository} could not be fetched from the hub at {constants.ENDPOINT} ({first_line(error)}); "
        "check the network, or set HF_ENDPOINT to a mirror that you can reach"
    )
