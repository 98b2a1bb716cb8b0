"""Downloads the hub's model into the cache, all files or none."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import huggingface_hub
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

from speaker_tracker.models.catalogue import HUB_FILES, HUB_ID, HUB_REVISION, hub_folder
from speaker_tracker.models.downloading import TIMEOUT_SECONDS, cannot_write, first_line, is_disk_error, working_folder
from speaker_tracker.models.errors import ModelError
from speaker_tracker.models.folder import missing_files


def fetch(cache: Path | None, *, revision: str = HUB_REVISION, progress: bool = False) -> Path:
    """Folder with ``revision`` of the hub's ECAPA-TDNN, downloaded unless it is complete already.

    ``cache``: as for ``cache_folder``. ``revision``: a commit of the hub's repository, or a branch or tag without a slash.
    ``progress``: show bars on standard error. The files appear in the folder all at once, after the last is complete; no account
    and no token is used. Raises ``ModelError``.
    """
    folder = hub_folder(cache, _checked(revision))
    if not missing_files(folder, HUB_FILES):
        return folder
    try:
        with working_folder(folder) as working, _output(progress=progress):
            _download(working, revision)
            _check_complete(working, revision)
            shutil.rmtree(folder, ignore_errors=True)
            working.rename(folder)
    except ModelError:
        raise
    except Exception as error:
        # The hub's client uses HTTP libraries with exceptions of their own, which change with its version.
        raise ModelError(_sentence(error, folder, revision)) from error
    return folder


def _checked(revision: str) -> str:
    if not revision or revision.startswith(".") or not all(sign.isalnum() or sign in "._-" for sign in revision):
        raise ModelError(f"revision cannot be {revision!r}; it is a commit, or a branch or tag without a slash")
    return revision


def _download(folder: Path, revision: str) -> None:
    # Requested first because it fails at once if the hub is unreachable; the download itself would retry for half a minute.
    huggingface_hub.HfApi(token=False).model_info(HUB_ID, revision=revision, timeout=TIMEOUT_SECONDS)
    huggingface_hub.snapshot_download(
        HUB_ID,
        revision=revision,
        local_dir=folder,
        allow_patterns=list(HUB_FILES),
        etag_timeout=TIMEOUT_SECONDS,
        token=False,
    )
    shutil.rmtree(folder / ".cache", ignore_errors=True)


def _check_complete(folder: Path, revision: str) -> None:
    if missing := missing_files(folder, HUB_FILES):
        raise ModelError(f"revision {revision} of {HUB_ID} lacks {', '.join(missing)}; fetch the default revision")


@contextmanager
def _output(*, progress: bool) -> Iterator[None]:
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


def _sentence(error: Exception, folder: Path, revision: str) -> str:
    if isinstance(error, OfflineModeIsEnabled):
        return f"{HUB_ID} cannot be fetched while HF_HUB_OFFLINE is set; unset it"
    if isinstance(error, RevisionNotFoundError | RepositoryNotFoundError):
        return f"the hub at {constants.ENDPOINT} has no revision {revision} of {HUB_ID}"
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        return f"revision {revision} of {HUB_ID} lacks a file that is needed: {first_line(error)}"
    if isinstance(error, HfHubHTTPError) and getattr(error, "response", None) is not None:
        return f"the hub at {constants.ENDPOINT} answered with status {error.response.status_code}; try again later"
    if isinstance(error, OSError) and is_disk_error(error):
        return cannot_write(error, folder)
    return (
        f"{HUB_ID} could not be fetched from the hub at {constants.ENDPOINT} ({first_line(error)}); "
        "check the network, or set HF_ENDPOINT to a mirror that you can reach"
    )
