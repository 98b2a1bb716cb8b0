"""Conversion between samples as floats and the PCM of the wire (16 kHz, signed 16-bit little-endian, mono)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.protocol.audio_format import FULL_SCALE

PCM_DTYPE = np.dtype("<i2")


def decode_pcm(pcm: bytes) -> NDArray[np.float32]:
    """Samples of ``pcm``, whose length is a multiple of the sample size: float32, shape ``(n,)``, within [-1, 1)."""
    return np.frombuffer(pcm, PCM_DTYPE).astype(np.float32) / np.float32(FULL_SCALE)


def encode_pcm(samples: NDArray[np.floating[Any]]) -> bytes:
    """PCM of ``samples``, floats of shape ``(n,)`` within [-1, 1]; values outside are clipped."""
    return quantize(samples * FULL_SCALE)


def quantize(samples: NDArray[np.floating[Any]]) -> bytes:
    """PCM of ``samples``, floats of shape ``(n,)`` on the scale of 16-bit samples; rounded and clipped."""
    pcm: bytes = np.clip(np.rint(samples), -FULL_SCALE, FULL_SCALE - 1).astype(PCM_DTYPE).tobytes()
    return pcm
