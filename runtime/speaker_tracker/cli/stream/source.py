"""Where ``stream`` takes its audio from: a file, standard input or a microphone."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path

from speaker_tracker.audio.file import AudioFile

FRAME_MS = 100


class AudioSource(ABC):
    """Audio as PCM that a session takes: 16 kHz, signed 16-bit little-endian, mono.

    ``path``: how it is called in documents, RTTM and pictures. ``seconds``: its duration; None where it is not known beforehand.
    ``live``: it ends when the user says so, by ``stop``.
    """

    path: Path
    seconds: float | None = None
    live: bool = True

    @property
    def label(self) -> str:
        """How it is called on the screen."""
        return self.path.name

    @property
    def notes(self) -> list[str]:
        """What the user should know once it is over, such as lost audio, a sentence each."""
        return []

    @abstractmethod
    def frames(self) -> AsyncIterator[bytes]:
        """The audio as it comes, whole samples; called once. Raises ``UserError``."""

    @abstractmethod
    def stop(self) -> None:
        """Lets ``frames`` come to its end; called on the event loop."""


class FileSource(AudioSource):
    """Any file that libsndfile reads. Raises ``AudioFileError``."""

    live = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = AudioFile(path)
        self.seconds = self._file.seconds
        self._stopped = False

    async def frames(self) -> AsyncIterator[bytes]:
        """As fast as they are taken."""
        for frame in self._file.frames(FRAME_MS):
            yield frame
            await asyncio.sleep(0)
            if self._stopped:
                return

    def stop(self) -> None:
        """Nothing further is read."""
        self._stopped = True
