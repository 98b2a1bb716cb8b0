"""Downloads the hub's model into the cache, all files or none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import constants
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

from speaker_tracker.models.catalogue import HUB_FILES, HUB_ID, HUB_PINS, HUB_REVISION, hub_folder
from speaker_tracker.models.downloading import working_folder
from speaker_tracker.models.errors import ModelError
from speaker_tracker.models.folder import missing_files
from speaker_tracker.models.hub import Repository, failure, quiet_client

HUB_BYTES = sum(pin.bytes for pin in HUB_PINS)
"""Size of the default revision."""
MOST_BYTES = 1 << 30
"""The longest file of another revision that is taken."""


def fetch(cache: Path | None, *, revision: str = HUB_REVISION, progress: Callable[[int], object] = lambda _: None) -> Path:
    """Folder with ``revision`` of the hub's ECAPA-TDNN, downloaded unless it is complete already.

    ``cache``: as for ``cache_folder``. ``revision``: a commit of the hub's repository, or a branch or tag without a slash. The
    default one is known by the digests of its files; of others only the size of files is bounded. ``progress`` is called with the
    number of bytes of each piece that has come. The files appear in the folder all at once, after the last is complete; no account
    and no token is used. Raises ``ModelError``.
    """
    folder = hub_folder(cache, _checked(revision))
    if not missing_files(folder, HUB_FILES):
        return folder
    try:
        with working_folder(folder) as working, quiet_client():
            _download(working, revision, progress)
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


def _download(folder: Path, revision: str, progress: Callable[[int], object]) -> None:
    repository = Repository(HUB_ID, revision, token=False)
    for pin in HUB_PINS:
        at_most = pin.bytes if revision == HUB_REVISION else MOST_BYTES
        try:
            repository.fetch(pin.name, folder, at_most=at_most, progress=progress)
        except LocalEntryNotFoundError:
            raise
        except EntryNotFoundError as error:
            raise ModelError(_lacks(revision, [pin.name])) from error
        if revision == HUB_REVISION and not pin.is_in(folder):
            raise ModelError(
                f"{pin.name} that the hub at {constants.ENDPOINT} sent is not that of {HUB_ID}: its SHA-256 digest is another; "
                "nothing was kept; try again later, or unset HF_ENDPOINT"
            )


def _check_complete(folder: Path, revision: str) -> None:
    if missing := missing_files(folder, HUB_FILES):
        raise ModelError(_lacks(revision, missing))


def _lacks(revision: str, names: list[str]) -> str:
    return f"revision {revision} of {HUB_ID} lacks {', '.join(names)}; fetch the default revision"
