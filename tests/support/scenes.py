"""Scenes put together from the utterances of readers: who speaks when, with exact times."""

from collections import Counter

import numpy as np
import soundfile

from speaker_tracker.evaluation.utterances import read_samples
from support.shared_data import VERIFICATION

RATE = 16_000


class Scene:
    """Audio that grows turn by turn. ``seconds``: how long each person spoke so far."""

    def __init__(self):
        self._parts = []
        self._next = Counter()
        self.seconds = Counter()

    def say(self, reader, seconds=None, *, pause=0.4, change=None):
        """The reader's next utterances, ``seconds`` of them or one; ``change``: what becomes of the samples."""
        files = utterances(reader)
        samples = np.zeros(0, np.float32)
        while not len(samples) or (seconds is not None and len(samples) < seconds * RATE):
            samples = np.concatenate([samples, read_samples(files[self._next[reader] % len(files)])])
            self._next[reader] += 1
        if seconds is not None:
            samples = samples[: round(seconds * RATE)]
        self.add(samples if change is None else change(samples), reader, pause=pause)

    def add(self, samples, speaker, *, pause=0.4):
        self._parts += [samples.astype(np.float32), np.zeros(round(pause * RATE), np.float32)]
        self.seconds[speaker] += len(samples) / RATE

    def write(self, path):
        soundfile.write(path, np.concatenate(self._parts), RATE)
        return path


def utterances(reader):
    return sorted((VERIFICATION / reader).glob("*.opus"))


def readers():
    return sorted(folder.name for folder in VERIFICATION.iterdir() if folder.is_dir())


def chapters(reader):
    """The reader's utterances by recording: (reader-chapter-utterance)."""
    found = {}
    for file in utterances(reader):
        found.setdefault(file.name.split("-")[1], []).append(file)
    return found


def far_away(samples):
    """As from the other end of a room: reverberant, and 14 dB quieter."""
    random = np.random.default_rng(0)
    decay = random.standard_normal(round(0.35 * RATE)) * np.exp(-np.arange(round(0.35 * RATE)) / (0.06 * RATE))
    response = 0.5 * decay / np.sqrt(np.square(decay).sum())
    response[0] = 0.7
    return np.convolve(samples, response)[: len(samples)] * 10 ** (-14 / 20)


def whispered(samples, order=18, frame=480):
    """The same words without a voice: noise through the filters of linear prediction."""
    from scipy.linalg import solve_toeplitz  # noqa: PLC0415
    from scipy.signal import lfilter  # noqa: PLC0415

    random, window, out = np.random.default_rng(0), np.hanning(frame), np.zeros(len(samples))
    for start in range(0, len(samples) - frame, frame // 2):
        piece = samples[start : start + frame] * window
        correlation = np.correlate(piece, piece, "full")[frame - 1 : frame + order]
        if correlation[0] > 1e-6:
            correlation[0] *= 1.001
            predictor = solve_toeplitz(correlation[:-1], correlation[1:])
            gain = np.sqrt(max(correlation[0] - predictor @ correlation[1:], 0) / frame)
            out[start : start + frame] += lfilter([1], np.r_[1, -predictor], random.standard_normal(frame) * gain) * window
    return 0.6 * out
