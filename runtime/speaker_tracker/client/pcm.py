"""Conversion of callers' audio into PCM for the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, cast

from speaker_tracker.client.errors import BadArgument
from speaker_tracker.protocol.audio_format import BYTES_PER_SAMPLE, FULL_SCALE, PCM_FORMAT


class SampleArray(Protocol):
    """A NumPy array of samples, int16 or floating-point within [-1, 1], of shape ``(n,)`` or ``(n, 1)``."""

    @property
    def dtype(self) -> Any:
        """The type of its samples."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        ...


Audio: TypeAlias = bytes | bytearray | memoryview | SampleArray
"""PCM at 16 kHz, signed 16-bit little-endian, mono, or samples at 16 kHz."""


def as_pcm(audio: Audio) -> bytes:
    """PCM in the format of the protocol. Raises ``BadArgument``. NumPy is not imported: an array brings its own methods."""
    if isinstance(audio, bytes | bytearray | memoryview):
        pcm = bytes(audio)
    elif hasattr(audio, "dtype") and hasattr(audio, "shape"):
        pcm = _samples(audio)
    else:
        raise BadArgument(f"audio must be bytes of {PCM_FORMAT}, or a NumPy array of samples, not {type(audio).__name__}")
    if len(pcm) % BYTES_PER_SAMPLE:
        raise BadArgument(f"{len(pcm)} bytes are no whole number of samples; audio must be {PCM_FORMAT}")
    return pcm


def _samples(array: Any) -> bytes:
    if len(array.shape) != 1 and array.shape[1:] != (1,):
        raise BadArgument(f"an array of shape {array.shape} is not mono; it must be of shape (n,)")
    if array.dtype.kind == "f":
        if not (array == array).all():  # noqa: PLR0124 - NaN is not equal to itself
            raise BadArgument("an array has samples that are not a number")
        array = (array.astype("f4") * FULL_SCALE).round().clip(-FULL_SCALE, FULL_SCALE - 1)
    elif array.dtype.kind != "i" or array.dtype.itemsize != BYTES_PER_SAMPLE:
        raise BadArgument(f"an array of {array.dtype} has no samples; it must be of int16, or of floats within [-1, 1]")
    return cast("bytes", array.astype("<i2").tobytes())


def pieces(pcm: bytes, length: int) -> Iterator[bytes]:
    """``pcm`` in frames of ``length`` bytes, the last one shorter."""
    for offset in range(0, len(pcm), length):
        yield pcm[offset : offset + length]
