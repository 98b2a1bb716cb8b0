"""Decodes the parts of a sound file: MP3 and FLAC by dr_mp3 and dr_flac (the package ``miniaudio``), others by libsndfile.

Unlike libsndfile, dr_mp3 and dr_flac continue after damaged bytes, do not rely on stated lengths, and print nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import miniaudio
import numpy as np
import soundfile
from numpy.typing import NDArray

from speaker_tracker.audio.flac import flac_format
from speaker_tracker.audio.layout import ByteRanges, Decoder, Part, native
from speaker_tracker.audio.mp3 import mp3_format

READ_SECONDS = 4
UNKNOWN_LENGTH = 1 << 60
"""Frame count that libsndfile returns for files that do not state their length."""


class DecodingError(Exception):
    """A decoder cannot start or continue."""


@dataclass(frozen=True, slots=True)
class Sound:
    """An open part.

    ``rate``: sample rate in Hz. ``blocks``: float32, shape ``(n, channels)``; raises ``DecodingError``. ``seconds``: the stated
    duration, or None.
    """

    rate: int
    channels: int
    blocks: Iterator[NDArray[np.float32]]
    seconds: float | None = None


@contextmanager
def opened(path: Path, part: Part) -> Iterator[Sound]:
    """Opens a part for decoding. Raises ``DecodingError``."""
    if part.decoder is Decoder.LIBSNDFILE:
        with _by_libsndfile(path, part) as sound:
            yield sound
        return
    ranges = part.ranges or [(0, path.stat().st_size)]
    with ByteRanges(path, ranges) as file:
        found = (mp3_format if part.decoder is Decoder.MP3 else flac_format)(file)
        if found is None:
            raise DecodingError("its header is damaged")
        yield Sound(*found, _by_miniaudio(file, part.decoder, *found))


@contextmanager
def _by_libsndfile(path: Path, part: Part) -> Iterator[Sound]:
    source = native(path) if part.ranges is None else ByteRanges(path, part.ranges, part.patches)
    try:
        with soundfile.SoundFile(source) as file:
            seconds = file.frames / file.samplerate if file.frames < UNKNOWN_LENGTH else None
            yield Sound(file.samplerate, file.channels, _blocks(file), seconds)
    except soundfile.LibsndfileError as error:
        raise DecodingError(error.error_string.strip().rstrip(".")) from error
    finally:
        if isinstance(source, ByteRanges):
            source.close()


def _blocks(file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    try:
        while len(block := file.read(READ_SECONDS * file.samplerate, dtype="float32", always_2d=True)):
            yield block
    except soundfile.LibsndfileError as error:
        raise DecodingError(error.error_string.strip().rstrip(".")) from error


class _Source(miniaudio.StreamableSource):  # type: ignore[misc]
    def __init__(self, file: ByteRanges) -> None:
        self._file = file

    def read(self, num_bytes: int) -> bytes:
        return self._file.read(num_bytes) or b""

    def seek(self, offset: int, origin: miniaudio.SeekOrigin) -> bool:
        self._file.seek(offset, origin.value)
        return True


def _by_miniaudio(file: ByteRanges, decoder: Decoder, rate: int, channels: int) -> Iterator[NDArray[np.float32]]:
    file.seek(0)
    form = miniaudio.FileFormat.MP3 if decoder is Decoder.MP3 else miniaudio.FileFormat.FLAC
    try:
        decoded = miniaudio.stream_any(
            _Source(file), form, miniaudio.SampleFormat.FLOAT32, channels, rate, frames_to_read=READ_SECONDS * rate
        )
        for samples in decoded:
            yield np.frombuffer(samples, np.float32).reshape(-1, channels).copy()
    except miniaudio.MiniaudioError as error:
        raise DecodingError(f"{decoder.value} cannot decode it") from error
