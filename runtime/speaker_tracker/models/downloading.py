"""What downloads into the model cache have in common: bounded files, a folder whole or not at all, and how failures are put."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from speaker_tracker.models.errors import ModelError

TIMEOUT_SECONDS = 10.0
"""Timeout of one request."""

PIECE_BYTES = 1 << 18

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def download(
    address: str,
    file: Path,
    *,
    at_most: int,
    headers: Mapping[str, str],
    progress: Callable[[int], object] = lambda _: None,
) -> None:
    """Writes what ``address`` (http or https) gives to ``file``: all of it, and not more than ``at_most`` bytes.

    ``headers``: of the request; ``Authorization`` is not shown to other hosts that it leads to. ``progress`` is called with the
    number of bytes of each piece. Raises ``ModelError`` where there is more, and ``OSError`` or ``http.client.HTTPException`` where
    the transfer fails.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise ModelError(f"{address} is no address of the web, and nothing was fetched from it")
    with build_opener(_Redirects).open(Request(address, headers=dict(headers)), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        announced, came = answer.length, 0
        if announced is not None and announced > at_most:
            raise too_large(address, at_most)
        with file.open("wb") as target:
            while piece := answer.read(min(PIECE_BYTES, at_most + 1 - came)):
                came += len(piece)
                if came > at_most:
                    raise too_large(address, at_most)
                target.write(piece)
                progress(len(piece))
    if announced is not None and came < announced:
        raise ConnectionError(f"the connection ended after {came} of {announced} bytes")


def too_large(address: str, at_most: int) -> ModelError:
    """The error for an ``address`` that gives more than ``at_most`` bytes."""
    return ModelError(f"{address} gives more than the {at_most} bytes that are expected, and was not fetched")


class _Redirects(HTTPRedirectHandler):
    """Follows redirects, without the token where they lead to another host."""

    def redirect_request(self, req: Request, *others: Any) -> Request | None:
        followed = super().redirect_request(req, *others)
        if followed is not None and followed.host != req.host:
            followed.remove_header("Authorization")
        return followed


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
