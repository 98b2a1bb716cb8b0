"""Audio files named on the command line, directly or by their folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from speaker_tracker.audio.file import AudioFileError, audio_endings


@dataclass(frozen=True, slots=True)
class AudioInput:
    """One file. ``place``: its path below the folder that was named, or its name alone if it was named itself."""

    path: Path
    place: Path


def find_inputs(arguments: Sequence[Path]) -> list[AudioInput]:
    """Files as they were named, and the files in folders with the ending of an audio format, sorted by name.

    Hidden files in folders are skipped, and duplicates removed. Raises ``AudioFileError`` if a folder has no audio files or cannot
    be read.
    """
    found: dict[str, AudioInput] = {}
    for argument in arguments:
        for one in _in_folder(argument) if _is_folder(argument) else [AudioInput(argument, Path(argument.name))]:
            found.setdefault(os.path.abspath(one.path), one)  # noqa: PTH100 - does not resolve links
    return list(found.values())


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # reported when it is opened
        return False


def _in_folder(folder: Path) -> list[AudioInput]:
    endings = audio_endings()
    files = [AudioInput(path, path.relative_to(folder)) for path in _visible(folder) if path.suffix.lower() in endings]
    if not files:
        raise AudioFileError(f"the folder {folder} holds no audio files (WAV, FLAC, Ogg, MP3 ...), nor do folders in it")
    return files


def _visible(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _fail(error: OSError) -> None:
    raise AudioFileError(f"the folder {error.filename} cannot be read: {error.strerror}") from error
