"""Downloads the hub's model into the cache, all files or none."""

from __future__ import annotations

import shutil
from pathlib import Path

import huggingface_hub

from speaker_tracker.models.catalogue import HUB_FILES, HUB_ID, HUB_REVISION, hub_folder
from speaker_tracker.models.downloading import TIMEOUT_SECONDS, working_folder
from speaker_tracker.models.errors import ModelError
from speaker_tracker.models.folder import missing_files
from speaker_tracker.models.hub import failure, quiet_client


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
        with working_folder(folder) as working, quiet_client(progress=progress):
            _download(working, revision)
            _check_complete(working, revision)
            shutil.rmtree(folder, ignore_errors=True)
            working.rename(folder)
    except ModelError:
        raise
    except Exception as error:
        # The hub's client uses HTTP libraries with exceptions of their own, which change with its version.
        raise ModelError(failure(error, folder, HUB_ID, revision)) from error
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
