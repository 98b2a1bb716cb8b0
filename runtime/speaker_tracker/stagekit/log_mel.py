"""Log-mel filterbank features in NumPy, equal to those of SpeechBrain's ``Fbank`` in PyTorch."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from speaker_tracker.models.errors import ModelError

DECIBELS = 10.0
"""Decibels per decade of power."""


@dataclass(frozen=True, slots=True, eq=False)
class LogMel:
    """A filterbank on the power spectrum of windowed frames.

    ``window``: float32, shape ``(n,)``, as long as a frame and its Fourier transform. ``filterbank``: float32, shape
    ``(n // 2 + 1, bands)``. ``hop``: samples between frames. ``floor``: minimum power of a band. ``range_db``: dynamic range; lower
    values are clipped to this far below the loudest band of a recording.
    """

    window: NDArray[np.float32]
    filterbank: NDArray[np.float32]
    hop: int
    floor: float
    range_db: float

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features in decibels, float32, shape ``(batch, frames, bands)``, of samples, float32, shape ``(batch, samples)``.

        Frames are centred on every ``hop``-th sample from the first on, with zero padding at the ends.
        """
        size = len(self.window)
        padded = np.pad(samples, ((0, 0), (size // 2, size // 2)))
        frames = sliding_window_view(padded, size, axis=1)[:, :: self.hop] * self.window
        spectrum = np.fft.rfft(frames)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        decibels = DECIBELS * np.log10(np.maximum(power.astype(np.float32) @ self.filterbank, np.float32(self.floor)))
        loudest = decibels.max(axis=(1, 2), keepdims=True)
        return np.asarray(np.maximum(decibels, loudest - np.float32(self.range_db)), np.float32)

    def save(self, file: Path) -> None:
        """Writes the constants to ``file``, for ``load``."""
        np.savez(
            file,
            window=self.window,
            filterbank=self.filterbank,
            hop=np.int64(self.hop),
            floor=np.float64(self.floor),
            range_db=np.float64(self.range_db),
        )

    @classmethod
    def load(cls, file: Path) -> LogMel:
        """Reads the constants that ``save`` wrote. Raises ``ModelError``."""
        try:
            with np.load(file, allow_pickle=False) as stored:
                return cls(
                    window=stored["window"].astype(np.float32),
                    filterbank=stored["filterbank"].astype(np.float32),
                    hop=int(stored["hop"]),
                    floor=float(stored["floor"]),
                    range_db=float(stored["range_db"]),
                )
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(f"{file} does not hold the constants of features: {error}; export the model again") from error
