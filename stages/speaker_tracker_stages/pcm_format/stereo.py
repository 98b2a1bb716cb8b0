"""Recognizes two interleaved channels, which as mono are played at half the speed.

Within one channel, neighbours two apart in the stream are alike; across channels, they are alike only as far as the channels are.
In mono there is no such difference between odd and even.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Interleaving:
    """What a piece says about interleaved channels.

    ``pairing``: mean square of the difference within pairs as a share of that between pairs, or the other way round, the smaller: 1
    for mono, 0 for two channels that are equal.
    ``apartness``: mean square of the steps in a channel as a share of those from one channel to the other: 3.3 for mono speech,
    below 0.2 for channels of different content or level.
    ``roughness``: mean square of the steps in a channel as a share of its power: 2 for white noise, 4 if it alternates.
    ``correlation``: of the two channels, -1 to 1.
    ``balance``: power of the quieter channel as a share of that of the louder one.
    ``is_equal``: whether the two samples of each pair are equal. ``is_half_silent``: whether one of the two is always zero.
    """

    pairing: float
    apartness: float
    roughness: float
    correlation: float
    balance: float
    is_equal: bool
    is_half_silent: bool


def interleaving(samples: NDArray[Any]) -> Interleaving:
    """Measures ``samples``, integers of shape ``(n,)``, n even and at least 4."""
    pairs = samples.astype(np.float32).reshape(-1, 2)
    left, right = (pairs - pairs.mean(axis=0)).T
    within, between = _power(right - left), _power(left[1:] - right[:-1])
    steps = (_power(np.diff(left)) + _power(np.diff(right))) / 2
    powers = _power(left), _power(right)
    return Interleaving(
        pairing=(min(within, between) + TINY) / (max(within, between) + TINY),
        apartness=(steps + TINY) / (min(within, between) + TINY),
        roughness=steps / (sum(powers) / 2 + TINY),
        correlation=float(np.mean(left * right) / (np.sqrt(powers[0] * powers[1]) + TINY)),
        balance=(min(powers) + TINY) / (max(powers) + TINY),
        is_equal=bool((samples[0::2] == samples[1::2]).all()),
        is_half_silent=not (samples[0::2].any() and samples[1::2].any()),
    )


def _power(values: NDArray[np.float32]) -> float:
    return float(np.mean(np.square(values)))
