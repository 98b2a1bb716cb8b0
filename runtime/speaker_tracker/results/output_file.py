"""Writes files atomically; special files, such as pipes or ``/dev/stdout``, are written to directly."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from speaker_tracker.errors import UserError


class OutputFileError(UserError):
    """A file cannot be written."""


def write_atomically(path: Path, content: str | bytes, mode: int | None = None) -> None:
    """Writes ``content`` (text as UTF-8) into a temporary file beside ``path`` and renames it to ``path``.

    ``mode``: permissions of a regular file; those of new files if None. Surrogates, which names of files may contain, are escaped.
    If ``path`` is a symbolic link, its target is written. Raises ``OutputFileError``, such as if the disk is full; an existing file
    is then unchanged, and so it is after an interruption.
    """
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            _replace(path, data, 0o666 & ~_umask() if mode is None else mode)
    except OSError as error:
        raise OutputFileError(f"{path} cannot be written: {error.strerror}") from error


def _replace(path: Path, data: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor is no path
            file.write(data)
            file.flush()
            os.fsync(descriptor)  # some file systems report a full disk only here
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def make_folder(path: Path) -> None:
    """Creates a folder and its parents, if missing. Raises ``OutputFileError``."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputFileError(f"{path} is a file; name a folder") from error
    except OSError as error:
        raise OutputFileError(f"the folder {path} cannot be made: {error.strerror}") from error


def check_writable(path: Path) -> None:
    """Raises ``OutputFileError`` if ``path`` cannot be written, to be called before long work rather than failing after it."""
    try:
        _check_place(path)
    except OSError as error:  # not even its status is accessible
        raise OutputFileError(f"{path} cannot be written: {error.strerror}") from error


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise OutputFileError(f"{path} is a folder; name a file")
    path = path.resolve()
    if path.exists() and not path.is_file():
        return
    if not path.parent.is_dir():
        raise OutputFileError(f"{path} cannot be written: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise OutputFileError(f"{path} cannot be written: the folder {path.parent} is not open for writing")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
