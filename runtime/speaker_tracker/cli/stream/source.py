"""Audio sources of ``stream``: a file, standard input or a microphone."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.client import Gap
from speaker_tracker.protocol import MAX_GAP_MS

FRAME_MS = 100
STALL_SECONDS = 1.0
"""Time without data from which on a live source counts as stalled."""


class AudioSource(ABC):
    """A source of PCM for a session: 16 kHz, signed 16-bit little-endian, mono.

    ``path``: its name in documents, RTTM and pictures. ``seconds``: its duration; None if unknown.
    ``live``: whether the user ends it, by ``stop``.
    """

    path: Path
    seconds: float | None = None
    live: bool = True

    @property
    def label(self) -> str:
        """Its name on the screen."""
        return self.path.name

    @property
    def notes(self) -> list[str]:
        """Notes for the user at the end, such as lost audio, a sentence each."""
        return []

    def check_whole(self) -> None:  # noqa: B027 - most sources cannot be read in part
        """Raises ``UserError`` where a part of what should have been sent could not be read; called once it is over."""

    @abstractmethod
    def frames(self) -> AsyncIterator[bytes | Gap]:
        """The audio as it arrives, in whole samples, and gaps where it stalled; called once. Raises ``UserError``."""

    @abstractmethod
    def stop(self) -> None:
        """Ends ``frames``; called on the event loop."""


def stall_gap(waited: float, recorded: float) -> Gap | None:
    """The gap before audio of ``recorded`` seconds that came after ``waited`` seconds; None if the source did not stall."""
    ms = round((waited - recorded) * 1000)
    return Gap(min(ms, MAX_GAP_MS)) if waited >= STALL_SECONDS and ms > 0 else None


class FileSource(AudioSource):
    """Any file that libsndfile reads. ``seconds``: what its header says, at the end what was read. Raises ``AudioFileError``."""

    live = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = AudioFile(path)
        self._stopped = False

    @property
    def seconds(self) -> float:  # type: ignore[override]
        """Its duration."""
        return self._file.seconds

    @property
    def notes(self) -> list[str]:
        """What is wrong with it."""
        return self._file.notes

    def check_whole(self) -> None:
        """Raises ``AudioFileError`` where a part could not be read."""
        self._file.check_whole()

    async def frames(self) -> AsyncIterator[bytes | Gap]:
        """The audio, as fast as it is consumed."""
        for frame in self._file.frames(FRAME_MS):
            yield frame
            await asyncio.sleep(0)
            if self._stopped:
                return

    def stop(self) -> None:
        """Stops reading."""
        self._stopped = True
