"""Recordings in the formats that people send by mistake: their bytes, made from samples in the right format."""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
import soxr

from speaker_tracker.audio.pcm import quantize
from speaker_tracker_stages.pcm_format.readings import ALAW, MULAW

RATE = 16_000


def at_rate(samples, rate):
    """16-bit samples at another rate."""
    return np.frombuffer(quantize(soxr.resample(samples.astype(np.float64), RATE, rate)), "<i2")


def interleaved(left, right):
    """Two channels of 16-bit samples."""
    return np.column_stack([left, np.asarray(right).astype(np.int16)[: len(left)]]).astype("<i2").tobytes()


def integers(samples, width, noise=0):
    """Integers of so many bytes, with some noise in the bits that 16-bit samples lack."""
    scaled = samples.astype(np.int64) << 8 * width - 16
    scaled += np.random.default_rng(0).integers(-noise, noise + 1, len(samples))
    return scaled.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width]


def companded(samples, table):
    """The code of a G.711 table that is nearest to each sample."""
    order = np.argsort(table, kind="stable")
    levels = table[order]
    above = np.clip(np.searchsorted(levels, samples), 1, 255)
    nearest = np.where(samples - levels[above - 1] < levels[above] - samples, above - 1, above)
    return order[nearest].astype(np.uint8).tobytes()


def floats(samples):
    return samples / 32_768


REFUSED: dict[str, tuple[str, Callable]] = {
    "float32": ("32-bit floating-point", lambda s: floats(s).astype("<f4").tobytes()),
    "float64": ("64-bit floating-point", lambda s: floats(s).astype("<f8").tobytes()),
    "float32, big-endian": ("32-bit floating-point", lambda s: floats(s).astype(">f4").tobytes()),
    "float32, 48 kHz": ("32-bit floating-point", lambda s: soxr.resample(floats(s), RATE, 48_000).astype("<f4").tobytes()),
    "float32, stereo": ("32-bit floating-point", lambda s: np.repeat(floats(s).astype("<f4"), 2).tobytes()),
    "big-endian": ("big-endian", lambda s: s.astype(">i2").tobytes()),
    "a byte too many": ("shifted by one byte", lambda s: b"\0" + s.tobytes()[:-1]),
    "a byte too few": ("shifted by one byte", lambda s: s.tobytes()[1:] + b"\0"),
    "24 bits": ("24-bit integers", lambda s: integers(s, 3).tobytes()),
    "24 bits, noise below": ("24-bit integers", lambda s: integers(s, 3, 100).tobytes()),
    "24 bits, big-endian": ("24-bit integers in big-endian", lambda s: integers(s, 3)[:, ::-1].tobytes()),
    "32 bits": ("32-bit integers", lambda s: integers(s, 4).tobytes()),
    "32 bits, noise below": ("32-bit integers", lambda s: integers(s, 4, 30_000).tobytes()),
    "32 bits, big-endian": ("32-bit integers", lambda s: integers(s, 4)[:, ::-1].tobytes()),
    "unsigned 8 bits": ("unsigned 8-bit", lambda s: ((s >> 8) + 128).astype(np.uint8).tobytes()),
    "signed 8 bits": ("signed 8-bit", lambda s: (s >> 8).astype(np.int8).tobytes()),
    "mu-law": ("mu-law", lambda s: companded(s, MULAW)),
    "A-law": ("A-law", lambda s: companded(s, ALAW)),
    "mu-law, 8 kHz": ("mu-law", lambda s: companded(at_rate(s, 8000), MULAW)),
    "A-law, 8 kHz": ("A-law", lambda s: companded(at_rate(s, 8000), ALAW)),
    "stereo, one silent": ("stereo", lambda s: interleaved(s, 0 * s)),
    "stereo, two voices": ("stereo", lambda s: interleaved(s, np.roll(s[::-1], 100))),
    "stereo, a room": ("stereo", lambda s: interleaved(s, 0.7 * np.roll(s, 3) + np.random.default_rng(0).normal(0, 20, len(s)))),
    "base64": ("text", lambda s: base64.b64encode(s.tobytes())),
}
"""Formats that are refused: what the message names, and the bytes."""

HINTED: dict[str, tuple[str, Callable]] = {
    "stereo, equal, 48 kHz": ("stereo", lambda s: np.repeat(at_rate(s, 48_000), 2).tobytes()),
    "stereo, equal": ("stereo", lambda s: np.repeat(s, 2).tobytes()),
    "stereo, opposite": ("stereo", lambda s: interleaved(s, -s.clip(-32_767))),
    "stereo, quieter": ("stereo", lambda s: interleaved(s, s / 2)),
    "44.1 kHz": ("sample_rate", lambda s: at_rate(s, 44_100).tobytes()),
    "48 kHz": ("sample_rate", lambda s: at_rate(s, 48_000).tobytes()),
}
"""Formats that are suspected: the code of the hint, and the bytes. Some are refused where it is plain."""

UNNOTICED: dict[str, Callable] = {
    "8 kHz": lambda s: at_rate(s, 8000).tobytes(),
    "32 kHz": lambda s: at_rate(s, 32_000).tobytes(),
}
"""Formats whose bytes give nothing away."""
