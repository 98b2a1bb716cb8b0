"""Reads audio files as the PCM that sessions accept: 16 kHz, 16-bit, mono."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR, S_ISREG

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from speaker_tracker.audio.media_kinds import SIGNATURE_BYTES, media_kind
from speaker_tracker.audio.pcm import encode_pcm
from speaker_tracker.errors import UserError
from speaker_tracker.events.audio import SAMPLE_RATE

READ_SECONDS = 4
UNKNOWN_LENGTH = 1 << 60
"""Frame count that libsndfile returns for files that do not state their length."""

OTHER_ENDINGS = {
    "AIFF": ("aif", "aifc"),
    "AU": ("snd",),
    "MP3": ("mp2",),
    "NIST": ("sph",),
    "OGG": ("oga", "opus"),
}
"""File name endings of formats that libsndfile calls by another name."""
NO_RECORDINGS = ("RAW", "MAT4", "MAT5")
"""Formats of libsndfile that are not audio files: raw samples, and matrices."""
READ_KINDS = frozenset(f"{kind} file" for kind in ("a WAV", "a Wave64", "an MP3", "an Ogg", "a FLAC", "an AIFF", "an AU", "a CAF"))
"""Kinds, as named by ``media_kind``, of files that libsndfile reads unless they are damaged."""


class AudioFileError(UserError):
    """A file cannot be used as audio."""


def audio_endings() -> frozenset[str]:
    """File name endings that libsndfile reads, in lower case, with the dot."""
    formats = [name for name in soundfile.available_formats() if name not in NO_RECORDINGS]
    return frozenset(f".{ending}" for name in formats for ending in (name.lower(), *OTHER_ENDINGS.get(name, ())))


class AudioFile:
    """A file that libsndfile reads (WAV, FLAC, Ogg, MP3 …), of any sample rate and number of channels.

    ``seconds``: its duration, above 0. Raises ``AudioFileError`` if the file is missing, unreadable or has no samples.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._check_readable()
        with self._reading() as file:
            rate, count = file.samplerate, file.frames
        if count >= UNKNOWN_LENGTH:
            count = sum(len(block) for block in self._blocks())
        if count <= 0:
            raise AudioFileError(f"{path} holds no audio: it has a header but no samples")
        self.seconds: float = count / rate

    def frames(self, frame_ms: int = 100) -> Iterator[bytes]:
        """The audio as signed 16-bit little-endian mono PCM at 16 kHz, in frames of ``frame_ms``; the last one may be shorter.

        The file is read and resampled in blocks, so memory does not grow with its length. Raises ``AudioFileError`` if it turns
        out to be damaged.
        """
        size = SAMPLE_RATE * frame_ms // 1000 * 2
        held = bytearray()
        for samples in self._resampled():
            held += encode_pcm(samples)
            whole = len(held) - len(held) % size
            for offset in range(0, whole, size):
                yield bytes(held[offset : offset + size])
            del held[:whole]
        if held:
            yield bytes(held)

    def _resampled(self) -> Iterator[NDArray[np.float32]]:
        with self._reading() as file:
            rate = file.samplerate
        if rate == SAMPLE_RATE:
            yield from self._blocks()
            return
        resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        for block in self._blocks():
            yield resampler.resample_chunk(block)
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)

    def _blocks(self) -> Iterator[NDArray[np.float32]]:
        with self._reading() as file:
            while len(block := file.read(READ_SECONDS * file.samplerate, dtype="float32", always_2d=True)):
                np.clip(np.nan_to_num(block, copy=False), -1.0, 1.0, out=block)  # floats may exceed [-1, 1] or be NaN
                yield np.ascontiguousarray(block.mean(axis=1, dtype=np.float32))

    @contextmanager
    def _reading(self) -> Iterator[soundfile.SoundFile]:
        try:
            with soundfile.SoundFile(_native(self.path)) as file:
                yield file
        except soundfile.LibsndfileError as error:
            raise AudioFileError(self._unreadable(error.error_string.strip().rstrip("."))) from error

    def _unreadable(self, reason: str) -> str:
        with self.path.open("rb") as file:
            kind = media_kind(file.read(SIGNATURE_BYTES))
        if kind is None or kind in READ_KINDS:
            return f"{self.path} cannot be read as audio: {reason}; WAV, FLAC, Ogg and MP3 files can be"
        sound = self.path.with_suffix(".wav")
        if sound == self.path:
            sound = self.path.with_name(f"{self.path.stem}-sound.wav")
        command = shlex.join(["ffmpeg", "-i", str(self.path), "-vn", "-ac", "1", "-ar", str(SAMPLE_RATE), str(sound)])
        return f"{self.path} is {kind}, which libsndfile cannot read; make a WAV file of its sound first: {command}"

    def _check_readable(self) -> None:
        try:
            mode = self.path.stat().st_mode
            if S_ISDIR(mode):
                raise AudioFileError(f"{self.path} is a folder; name an audio file in it")
            if not S_ISREG(mode):  # reading from a pipe would consume its beginning
                raise AudioFileError(
                    f"{self.path} is no regular file, as audio files are; pipe raw PCM into `speaker-tracker stream -` instead"
                )
            with self.path.open("rb") as file:
                empty = not file.read(1)
        except FileNotFoundError as error:
            raise AudioFileError(f"there is no file {self.path}") from error
        except (OSError, ValueError) as error:
            raise AudioFileError(f"{self.path} cannot be opened: {getattr(error, 'strerror', None) or error}") from error
        if empty:
            raise AudioFileError(f"{self.path} is empty")


def _native(path: Path) -> Path | bytes:
    """The path for libsndfile: bytes, as names need not be valid text, except on Windows."""
    return path if sys.platform == "win32" else os.fsencode(path)
