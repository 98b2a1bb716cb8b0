"""Downloads the weights of CAM++ from ModelScope into the cache, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from speaker_tracker import __version__
from speaker_tracker.models.campplus import (
    INSTALL_COMMAND,
    MODEL_ID,
    REVISION,
    WEIGHTS,
    WEIGHTS_BYTES,
    campplus_folder,
    read_weights,
)
from speaker_tracker.models.catalogue import cache_folder
from speaker_tracker.models.downloading import cannot_write, download, first_line, is_disk_error, working_folder
from speaker_tracker.models.errors import ModelError
from speaker_tracker.models.folder import missing_files

ENDPOINT = "https://modelscope.cn"


def fetch_campplus(cache: Path | None, *, progress: Callable[[int], object] = lambda _: None) -> Path:
    """Folder with the weights of CAM++, downloaded unless they are there already.

    ``cache``: as for ``cache_folder``. ``progress`` is called with the number of bytes of each piece that has come. The folder
    appears once the weights are complete and their digest is right; no account and no token is used. Raises ``ModelError``.
    """
    folder = campplus_folder(cache_folder(cache))
    if not missing_files(folder, (WEIGHTS,)):
        return folder
    with working_folder(folder) as working:
        try:
            _download(working / WEIGHTS, progress)
            read_weights(working / WEIGHTS)
            shutil.rmtree(folder, ignore_errors=True)
            working.rename(folder)
        except (OSError, HTTPException) as error:
            raise ModelError(_sentence(error, folder)) from error
        except ModelError as error:
            raise ModelError(f"what {ENDPOINT} sent is not the file that is expected; {_otherwise()}") from error
    return folder


def _download(file: Path, progress: Callable[[int], object]) -> None:
    address = f"{ENDPOINT}/models/{MODEL_ID}/resolve/{REVISION}/{WEIGHTS}"
    download(address, file, at_most=WEIGHTS_BYTES, headers={"User-Agent": f"speaker-tracker/{__version__}"}, progress=progress)


def _sentence(error: Exception, folder: Path) -> str:
    if isinstance(error, HTTPError):
        return f"{MODEL_ID} could not be fetched: {ENDPOINT} answered with status {error.code}; {_otherwise()}"
    if isinstance(error, OSError) and is_disk_error(error):
        return cannot_write(error, folder)
    return f"{MODEL_ID} could not be fetched from {ENDPOINT} ({first_line(error)}); {_otherwise()}"


def _otherwise() -> str:
    return f"try again later, or `{INSTALL_COMMAND}`, which brings the same file"
