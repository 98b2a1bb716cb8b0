"""Folders of utterances by speaker, and degradations of their audio."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.audio.pcm import decode_pcm
from speaker_tracker.errors import UserError
from speaker_tracker.events.audio import SAMPLE_RATE

LAYOUT = "one folder for each speaker with two audio files or more, two speakers or more"


class VerificationSetError(UserError):
    """A folder is not a valid set of utterances by speaker."""


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """``samples``: float32 within [-1, 1], shape ``(n,)``, 16 kHz mono."""

    speaker: str
    samples: NDArray[np.float32]


def utterance_files(folder: Path) -> list[tuple[str, Path]]:
    """Speakers and their files in ``folder``, laid out as ``SPEAKER/FILE``; hidden files and folders are left out.

    Raises ``VerificationSetError`` if there are fewer than two speakers or a speaker has fewer than two files.
    """
    if not folder.is_dir():
        raise VerificationSetError(f"{folder} is no folder; name a folder that holds {LAYOUT}")
    files = files_by_speaker(folder)
    if len(files) < 2:  # noqa: PLR2004 - a single speaker has nobody to compare with
        raise VerificationSetError(f"{folder} has {len(files)} folders of speakers; it must hold {LAYOUT}")
    for name, own in files.items():
        if len(own) < 2:  # noqa: PLR2004 - nothing to compare with
            raise VerificationSetError(f"{folder / name} has {len(own)} audio files; {folder} must hold {LAYOUT}")
    return [(name, path) for name, own in files.items() for path in own]


def files_by_speaker(folder: Path) -> dict[str, list[Path]]:
    """The files of each speaker in ``folder``, laid out as ``SPEAKER/FILE``; hidden files and folders are left out."""
    speakers = [path for path in _visible(folder) if path.is_dir()]
    return {speaker.name: [path for path in _visible(speaker) if path.is_file()] for speaker in speakers}


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def read_utterances(files: Iterable[tuple[str, Path]]) -> list[Utterance]:
    """Reads all utterances, in order. Raises ``AudioFileError``."""
    return [Utterance(speaker, read_samples(path)) for speaker, path in files]


def read_samples(path: Path) -> NDArray[np.float32]:
    """Reads an audio file as it would be streamed: float32, shape ``(n,)``, 16 kHz mono. Raises ``AudioFileError``."""
    audio = AudioFile(path)
    samples = decode_pcm(b"".join(audio.frames()))
    audio.check_whole()
    return samples


def with_noise(utterances: Sequence[Utterance], noise: NDArray[np.float32], snr_db: float) -> list[Utterance]:
    """Adds a section of ``noise`` to each utterance at a signal-to-noise ratio of ``snr_db``; deterministic.

    ``noise``: shape ``(n,)``, repeated if shorter than the longest utterance. Digital silence is skipped. Raises
    ``VerificationSetError`` if it is silent throughout.
    """
    longest = max(len(utterance.samples) for utterance in utterances)
    looped = np.resize(noise, max(len(noise), 2 * longest))
    audible = np.flatnonzero(looped)
    if not len(audible):
        raise VerificationSetError("the noise is silent from begin to end; name a recording of noise that can be heard")
    random = np.random.default_rng(0)
    noisy = []
    for utterance in utterances:
        length = len(utterance.samples)
        start = min(int(random.choice(audible)), len(looped) - length)
        stretch = looped[start : start + length]
        factor = _level(utterance.samples) / max(_level(stretch), 1e-9) * 10 ** (-snr_db / 20)
        noisy.append(replace(utterance, samples=utterance.samples + np.float32(factor) * stretch))
    return noisy


def through_line(utterances: Sequence[Utterance], sample_rate: int) -> list[Utterance]:
    """Each utterance after a line of ``sample_rate`` Hz, such as 8000 for a telephone: band-limited to half of that."""

    def limited(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        there = soxr.resample(samples, SAMPLE_RATE, sample_rate)
        back = np.asarray(soxr.resample(there, sample_rate, SAMPLE_RATE), np.float32)
        return np.pad(back, (0, max(0, len(samples) - len(back))))[: len(samples)]

    return [replace(utterance, samples=limited(utterance.samples)) for utterance in utterances]


def _level(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
