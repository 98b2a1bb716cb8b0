"""What one piece of bytes says about its format.

The bounds come from all recordings that the project is developed with (11 hours, 3,157 recordings), read as they are and converted
to every other format; ``docs/accuracy.md`` says how to repeat this.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.pcm_format.floats import float_format
from speaker_tracker_stages.pcm_format.readings import EIGHT_BITS, LOWER_HALVES, READINGS, are_alike, prediction_gain, signed_16
from speaker_tracker_stages.pcm_format.spectrum import is_narrow, share_above
from speaker_tracker_stages.pcm_format.stereo import interleaving

PIECE_BYTES = 12_000
"""Length of a piece: 0.375 s of the right format, and whole samples of 2, 3, 4 and 8 bytes."""

MIN_LEVELS = 16
"""Different 16-bit numbers in a piece; with fewer it is silence, or too quiet to tell."""
SMOOTH_DB = 6.0
"""Prediction gain from which a reading is taken for audio. As 16 bits, two thirds of pieces of recordings have more."""
BETTER_DB = 2.5
"""How much more a wrong reading must gain than the right one. In recordings none gains more than the right one but 8-bit readings
of near silence."""
ROUGH_DB = 3.0
"""Largest gain of the lower halves of 32-bit integers, which are noise; in a sharp s, every other sample is smooth."""
EIGHT_BIT_DB = 1.0
"""Gain of the reading as signed bytes, below which no format of 8 bits is considered: 0 for 16 bits."""
LOUD = 400
"""Least root mean square, of 32,768, of 16-bit samples that may be something else: bytes of little weight that stand where those
of great weight belong are loud."""
AUDIBLE = 50
"""Least root mean square of a piece that says anything: below, hum and the whine of a device may be all that there is."""
LOW_BYTES_SPREAD = 20
"""Least standard deviation of the bytes of little weight of 16-bit samples, as signed numbers; 74 if all are equally frequent. In
quiet big-endian samples these are 0 or -1, which looks like loud audio in the right format."""
PERIODIC_DB = 45.0
"""Gain from which a piece is a simple tone, which looks right in many readings."""

ALIKE = 0.05
"""Largest ``pairing`` of two channels that are nearly equal; in recordings the least was 0.09."""
APART = 0.1
"""Largest ``apartness`` of two channels that differ; in recordings the least was 0.14, in a child's sharp s."""
ROUGHEST = 2.5
"""Largest ``roughness`` of two channels that are nearly equal; a tone of 4 kHz has pairs as well, of 4."""
RATHER_APART = 0.8
UNPAIRED = 0.7
UNBALANCED = 0.5
"""The same together with a ``pairing`` or a ``balance`` below these; such pieces of recordings nearly always have both
above 0.9."""
OPPOSITE = -0.5
"""Correlation below which channels that differ may as well be a mono sound close to 8 kHz."""

TONAL_DB = 25.0
"""Gain of the difference of two channels from which it may as well be one whine close to 8 kHz."""

HALF_BAND = 0.5
EMPTY_DB = -60.0
"""Share of the upper half of the band, in dB, below which equal pairs are two channels rather than 8 kHz with each sample twice."""

TEXT_BYTES = np.isin(np.arange(256), [9, 10, 13, *range(32, 127)])
"""Which bytes are printable ASCII."""


class Verdict(StrEnum):
    """Format of a piece. The values are stable words, which a decoder's state holds."""

    RIGHT = "right"
    BIG_ENDIAN = "big-endian"
    SHIFTED = "shifted"
    INT24 = "int24"
    INT24_BIG_ENDIAN = "int24-big-endian"
    INT32 = "int32"
    INT32_BIG_ENDIAN = "int32-big-endian"
    UNSIGNED_8 = "unsigned-8"
    SIGNED_8 = "signed-8"
    MULAW = "mu-law"
    ALAW = "a-law"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    STEREO = "stereo"
    HALF_SILENT = "half-silent"
    EQUAL_PAIRS = "equal-pairs"
    OPPOSITE_PAIRS = "opposite-pairs"
    TEXT = "text"
    NARROW = "narrow"


def judge(piece: bytes) -> Verdict | None:
    """The format of ``piece``, ``PIECE_BYTES`` of a session's bytes; None if it does not say, such as silence or white noise."""
    data = np.frombuffer(piece, np.uint8)
    samples = signed_16(data)
    if len(np.unique(samples)) < MIN_LEVELS:
        return None
    gain = prediction_gain(samples)
    if gain >= PERIODIC_DB and not (samples[::2] == samples[1::2]).all():
        return Verdict.RIGHT
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float32))))
    if level < AUDIBLE:
        return None
    is_loud = level >= LOUD
    found = (_unmistakable(data) if is_loud else None) or _channels(samples)
    if found is None and is_loud and (gain < SMOOTH_DB or prediction_gain(data.view(np.int8)) >= EIGHT_BIT_DB):
        found = _other_integers(data, gain)
    if found is None and gain >= SMOOTH_DB and float(data.view(np.int8)[::2].std()) >= LOW_BYTES_SPREAD:
        return {True: Verdict.NARROW, False: Verdict.RIGHT, None: None}[is_narrow(samples)]
    return found


def _unmistakable(data: NDArray[np.uint8]) -> Verdict | None:
    """Text, and floating-point samples."""
    if TEXT_BYTES[data].all():
        return Verdict.TEXT
    floats = float_format(data)
    return None if floats is None else Verdict(floats)


def _channels(samples: NDArray[np.int16]) -> Verdict | None:
    """Whether the samples are two channels; None for mono."""
    found = interleaving(samples)
    if found.is_half_silent and found.apartness <= RATHER_APART:
        return Verdict.HALF_SILENT
    is_paired = found.pairing <= ALIKE and found.roughness <= ROUGHEST
    if is_paired and found.is_equal and share_above(samples[::2], HALF_BAND) >= EMPTY_DB:
        return Verdict.EQUAL_PAIRS
    if is_paired or (found.apartness <= RATHER_APART and (found.pairing < UNPAIRED or found.balance < UNBALANCED)):
        return Verdict.STEREO
    if found.apartness > APART:
        return None
    if prediction_gain(samples[::2].astype(np.int32) - samples[1::2]) >= TONAL_DB:
        return None
    return Verdict.STEREO if found.correlation > OPPOSITE else Verdict.OPPOSITE_PAIRS


def _other_integers(data: NDArray[np.uint8], gain: float) -> Verdict | None:
    gains = {name: prediction_gain(read(data)) for name, read in READINGS.items()}
    best = max(gains, key=gains.__getitem__)
    if gains[best] < max(SMOOTH_DB, gain + BETTER_DB):
        return None
    if best in LOWER_HALVES and prediction_gain(LOWER_HALVES[best](data)) > ROUGH_DB:
        return None
    if best in EIGHT_BITS and not are_alike(*(READINGS[best](data[first::2]) for first in (0, 1))):
        return None
    return Verdict(best)
