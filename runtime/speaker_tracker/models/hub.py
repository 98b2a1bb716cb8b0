"""What downloads from Hugging Face's hub have in common: one bounded file, a quiet client, and how failures are put."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from huggingface_hub import constants, get_hf_file_metadata, get_token, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from speaker_tracker import __version__
from speaker_tracker.models.downloading import TIMEOUT_SECONDS, cannot_write, download, first_line, is_disk_error, too_large


@dataclass(frozen=True, slots=True)
class Repository:
    """``revision`` of the repository ``name`` at the hub.

    ``token``: False for none; None for that of ``HF_TOKEN`` or of the hub's own login.
    """

    name: str
    revision: str
    token: bool | None

    def fetch(self, file: str, folder: Path, *, at_most: int, progress: Callable[[int], object]) -> None:
        """Writes ``file`` into ``folder``, not more than ``at_most`` bytes of it; ``progress`` as for ``download``.

        The hub's client asks where the file is, and fails at once where the hub is out of reach or refuses; the transfer itself is
        not left to it, as it would take whatever comes. Raises ``ModelError``, the client's exceptions and those of ``download``.
        """
        address = hf_hub_url(self.name, file, revision=self.revision)
        found = get_hf_file_metadata(address, token=self.token, timeout=TIMEOUT_SECONDS)
        if found.size is not None and found.size > at_most:
            raise too_large(address, at_most)
        headers = {"User-Agent": f"speaker-tracker/{__version__}"}
        if self.token is None and urlsplit(found.location).netloc == urlsplit(address).netloc and (token := get_token()):
            headers["Authorization"] = f"Bearer {token}"
        download(found.location, folder / file, at_most=at_most, headers=headers, progress=progress)


@contextmanager
def quiet_client() -> Iterator[None]:
    """The hub's client logs errors alone."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


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
