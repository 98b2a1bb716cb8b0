"""Writes a whole file or none; what is no regular file, such as a pipe or ``/dev/stdout``, is written to as it is."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from speaker_tracker.errors import UserError


class OutputFileError(UserError):
    """A file cannot be written."""


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes ``content`` (text as UTF-8) into a temporary file beside ``path``, which then takes its name.

    What is no text, as names of files may hold, becomes an escape of ASCII characters. Where ``path`` is a symbolic link, the file
    it leads to is written. Raises ``OutputFileError``, such as where the disk is full; a file that was there before is then as it
    was, and so it is where the writing is interrupted.
    """
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            _replace(path, data)
    except OSError as error:
        raise OutputFileError(f"{path} cannot be written: {error.strerror}") from error


def _replace(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor is no path
            file.write(data)
            file.flush()
            os.fsync(descriptor)  # some file systems tell only now that there was no room
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def make_folder(path: Path) -> None:
    """Makes a folder and those above it, where they are not there. Raises ``OutputFileError``."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputFileError(f"{path} is a file; name a folder") from error
    except OSError as error:
        raise OutputFileError(f"the folder {path} cannot be made: {error.strerror}") from error


def check_writable(path: Path) -> None:
    """Raises ``OutputFileError`` where ``path`` could not be written, so that this is known before long work and not after it."""
    try:
        _check_place(path)
    except OSError as error:  # where not even that can be looked up
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
