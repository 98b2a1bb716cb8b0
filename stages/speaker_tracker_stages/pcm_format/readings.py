"""Ways to read bytes as samples: the integer formats that are sent by mistake, and how predictable each reading is.

Read in the right way, audio is smooth: each sample can largely be predicted from the two before it. Read in any other way, bytes of
little weight come to stand where those of great weight belong, and hardly anything can be predicted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.audio.companding import alaw_table, mulaw_table

Samples: TypeAlias = NDArray[Any]
Bytes: TypeAlias = NDArray[np.uint8]

MULAW, ALAW = mulaw_table(), alaw_table()
PERFECT = 1e-9
"""Share of the power that may remain unpredicted; bounds the gain to 90 dB."""

MIN_SPREADS = 0.7
MAX_OFFSET = 0.2
"""Bounds of ``are_alike``. The bytes of 16-bit samples differ by far more: those of great weight hardly vary."""


def prediction_gain(samples: Samples) -> float:
    """How much of ``samples`` the two samples before each predict, in dB: 0 for white noise, up to 90 for a sine.

    ``samples``: numbers of any type, shape ``(n,)``, n > 2. 0 if they are constant. Linear prediction by the covariance method.
    """
    centred = samples.astype(np.float64)
    centred -= centred.mean()
    now, last, second_last = centred[2:], centred[1:-1], centred[:-2]
    power, of_last, of_second = float(now @ now), float(last @ last), float(second_last @ second_last)
    between, with_last, with_second = float(last @ second_last), float(last @ now), float(second_last @ now)
    determinant = of_last * of_second - between**2
    if power <= 0 or determinant <= 0:
        return 0.0
    predicted = (of_second * with_last**2 - 2 * between * with_last * with_second + of_last * with_second**2) / determinant
    return -10 * math.log10(min(1.0, max(1 - predicted / power, PERFECT)))


def signed_16(data: Bytes) -> Samples:
    """The format of the protocol."""
    return data[: len(data) // 2 * 2].view("<i2")


def big_endian_16(data: Bytes) -> Samples:
    """The same with the bytes of each sample swapped."""
    return data[: len(data) // 2 * 2].view(">i2")


def shifted_16(data: Bytes) -> Samples:
    """The format of the protocol from the second byte on."""
    return data[1 : 1 + (len(data) - 1) // 2 * 2].copy().view("<i2")


def signed_24(data: Bytes) -> Samples:
    """Three bytes a sample, the last one of the greatest weight; the first is left out, as it adds next to nothing."""
    triples = data[: len(data) // 3 * 3].reshape(-1, 3)
    return triples[:, 2].view(np.int8).astype(np.float32) * 256 + triples[:, 1]


def big_endian_24(data: Bytes) -> Samples:
    """Three bytes a sample, the first one of the greatest weight."""
    triples = data[: len(data) // 3 * 3].reshape(-1, 3)
    return triples[:, 0].view(np.int8).astype(np.float32) * 256 + triples[:, 1]


def signed_32(data: Bytes) -> Samples:
    """Four bytes a sample, the last one of the greatest weight."""
    return data[: len(data) // 4 * 4].view("<i4")


def big_endian_32(data: Bytes) -> Samples:
    """Four bytes a sample, the first one of the greatest weight."""
    return data[: len(data) // 4 * 4].view(">i4")


def unsigned_8(data: Bytes) -> Samples:
    """One byte a sample, 128 for silence."""
    return data


def signed_8(data: Bytes) -> Samples:
    """One byte a sample, 0 for silence."""
    return data.view(np.int8)


def mulaw(data: Bytes) -> Samples:
    """One byte a sample, by mu-law."""
    return MULAW[data]


def alaw(data: Bytes) -> Samples:
    """One byte a sample, by A-law."""
    return ALAW[data]


READINGS: dict[str, Callable[[Bytes], Samples]] = {
    "big-endian": big_endian_16,
    "shifted": shifted_16,
    "int24": signed_24,
    "int24-big-endian": big_endian_24,
    "int32": signed_32,
    "int32-big-endian": big_endian_32,
    "unsigned-8": unsigned_8,
    "signed-8": signed_8,
    "mu-law": mulaw,
    "a-law": alaw,
}
"""Every reading but the right one, by the name of its format."""

LOWER_HALVES: dict[str, Callable[[Bytes], Samples]] = {
    "int32": lambda data: signed_16(data)[0::2],
    "int32-big-endian": lambda data: big_endian_16(data)[1::2],
}
"""The 16 bits of little weight of 32-bit integers."""

EIGHT_BITS = frozenset({"unsigned-8", "signed-8", "mu-law", "a-law"})


def are_alike(even: Samples, odd: Samples) -> bool:
    """Whether even and odd samples have about the same mean and spread, as consecutive samples of one sound have."""
    spreads = float(even.std()), float(odd.std())
    offset = abs(float(even.mean()) - float(odd.mean()))
    return min(spreads) >= MIN_SPREADS * max(spreads) and offset <= MAX_OFFSET * max(spreads)
