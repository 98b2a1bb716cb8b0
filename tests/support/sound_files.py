"""Sound files of a real conversation as other programs make them, and damaged."""

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.audio.file import AudioFile
from support.known_conversation import DATA
from support.needed_programs import needed

SECONDS = 20.0
SPEECH = DATA / "dialogue.flac"


def encode(path: Path, *options: str, seconds: float = SECONDS, start: float = 0.0) -> Path:
    """The conversation's beginning in the format that the name's ending says, by ffmpeg."""
    source = ["-ss", str(start), "-t", str(seconds), "-i", str(SPEECH)]
    subprocess.run([needed("ffmpeg"), "-v", "error", "-y", *source, *options, str(path)], check=True)
    return path


def decoded(path: Path) -> tuple[AudioFile, NDArray[np.int16]]:
    """A file that was read to its end, and its samples."""
    file = AudioFile(path)
    return file, np.frombuffer(b"".join(file.frames()), "<i2")


def assert_sounds_like(samples: NDArray[np.int16], reference: NDArray[np.int16], within: int = 800) -> None:
    """They hold the same speech, after lossy coding, up to ``within`` samples apart."""
    length = 1 << int(np.ceil(np.log2(len(samples) + len(reference))))
    first, second = (np.fft.rfft(wave.astype(np.float64), length) for wave in (samples, reference))
    correlation = np.fft.irfft(first * np.conj(second), length)
    lags = np.concatenate([correlation[: within + 1], correlation[-within:]])
    power = np.sqrt(np.sum(samples.astype(np.float64) ** 2) * np.sum(reference.astype(np.float64) ** 2))
    assert lags.max() / power > 0.9, lags.max() / power
