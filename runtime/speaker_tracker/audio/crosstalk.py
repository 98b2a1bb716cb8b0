"""Removes cross-talk between channels, such as the quiet, delayed copy of a caller's voice on the other channel of a call.

For each hop, the channels are compared over a window around it. A channel is muted if it is much quieter than another one and
mostly a copy of it, as measured by their normalized cross-correlation; or, once the level of the cross-talk is known, if it is no
louder than that. A person who speaks on the channel at the same time makes it louder and unlike the other one, so it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events.audio import SAMPLE_RATE

HOP = SAMPLE_RATE // 20
WINDOW = SAMPLE_RATE // 4
LONGEST_DELAY = SAMPLE_RATE // 10
QUIETER = 10 ** (-6 / 10)
"""Largest power of cross-talk relative to its source: 6 dB less."""
COPIED = 0.5
"""Smallest normalized cross-correlation of a copy."""
SAME = 0.9
"""Smallest normalized cross-correlation of channels of similar level that count as one voice; the later one is muted."""
COPIES_NEEDED = 10
"""Number of hops with a copy after which the level of cross-talk counts as known."""
LEARNING = 0.1
"""Weight of the newest copy in the level of cross-talk."""
MARGIN = 10 ** (6 / 10)
"""Largest power, relative to the known level of cross-talk, that counts as cross-talk: 6 dB more."""
LEAST_POWER = 1e-9
"""Power of full scale (-90 dB) below which a channel counts as silent."""
FADE = SAMPLE_RATE // 200


def without_crosstalk(blocks: Iterable[NDArray[np.float32]], channels: int) -> Iterator[NDArray[np.float32]]:
    """The audio with cross-talk muted, in blocks of at most ``HOP`` samples, shape ``(n, channels)``; less than 1 s later.

    ``blocks``: float32, shape ``(n, channels)``, 16 kHz, of any length.
    """
    gate = _Gate(channels)
    around = (WINDOW - HOP) // 2
    held = np.zeros((around, channels), np.float32)
    last = np.ones(channels, np.float32)
    taken = given = 0
    for block in blocks:
        taken += len(block)
        held = np.concatenate([held, block])
        while len(held) >= WINDOW:
            gains = gate.gains(held[:WINDOW])
            yield _faded(held[around : around + HOP], last, gains)
            last, held = gains, held[HOP:]
            given += HOP
    while given < taken:
        window = np.zeros((WINDOW, channels), np.float32)
        window[: len(held)] = held[:WINDOW]
        gains = gate.gains(window)
        yield _faded(window[around : around + min(HOP, taken - given)], last, gains)
        last, held = gains, held[HOP:]
        given += HOP


def _faded(hop: NDArray[np.float32], last: NDArray[np.float32], gains: NDArray[np.float32]) -> NDArray[np.float32]:
    """The hop with ``gains`` applied, fading from those of the hop before."""
    if (gains == 1).all() and (last == 1).all():
        return hop
    shape = np.repeat(gains[None], len(hop), axis=0)
    fade = min(FADE, len(hop))
    shape[:fade] = last + (gains - last) * np.linspace(0, 1, fade, endpoint=False, dtype=np.float32)[:, None]
    return hop * shape


class _Gate:
    """``_share``: power of cross-talk in a channel (row) relative to its source (column). ``_copies``: number of copies seen."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._share = np.zeros((channels, channels))
        self._copies = np.zeros((channels, channels), int)

    def gains(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        """0 for channels to mute, 1 for others."""
        gains = np.ones(self._channels, np.float32)
        window = window - window.mean(axis=0)  # an offset is no sound, and the same on all channels
        powers = np.mean(np.square(window, dtype=np.float64), axis=0)
        loud = np.flatnonzero(powers > LEAST_POWER)
        if len(loud) > 1:
            spectra = np.fft.rfft(window, 2 * WINDOW, axis=0)
            for to, source in permutations(loud.tolist(), 2):
                if self._comes_over(to, source, powers, spectra):
                    gains[to] = 0
        return gains

    def _comes_over(self, to: int, source: int, powers: NDArray[np.float64], spectra: NDArray[np.complex128]) -> bool:
        share = powers[to] / powers[source]
        if share >= QUIETER:
            return to > source and share * QUIETER < 1 and _copied(to, source, powers, spectra) > SAME
        if _copied(to, source, powers, spectra) > COPIED:
            self._copies[to, source] += 1
            weight = max(LEARNING, 1 / self._copies[to, source])
            self._share[to, source] += weight * (share - self._share[to, source])
            return True
        return bool(self._copies[to, source] >= COPIES_NEEDED and share < MARGIN * self._share[to, source])


def _copied(to: int, source: int, powers: NDArray[np.float64], spectra: NDArray[np.complex128]) -> float:
    """The largest normalized cross-correlation of two channels within ``LONGEST_DELAY``."""
    correlation = np.fft.irfft(spectra[:, to] * np.conj(spectra[:, source]))
    lags = np.concatenate([correlation[: LONGEST_DELAY + 1], correlation[-LONGEST_DELAY:]])
    return float(np.abs(lags).max() / (WINDOW * np.sqrt(powers[to] * powers[source])))
