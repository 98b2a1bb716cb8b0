"""Takes the audio of a program, of any sample rate and number of channels, and makes the PCM of a session of it."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

from speaker_tracker.audio.mixing import Mixer
from speaker_tracker.audio.pcm import decode_pcm, encode_pcm
from speaker_tracker.client.errors import BadArgument
from speaker_tracker.protocol.audio_format import BYTES_PER_SAMPLE, FULL_SCALE, SAMPLE_RATE

LOWEST_RATE = 2_000
HIGHEST_RATE = 768_000
MAX_CHANNELS = 64
LOUDEST_FLOAT = 16.0
"""Floats beyond this (24 dB above full scale) are taken for integers that were cast to floats."""

Samples: TypeAlias = NDArray[np.int16] | NDArray[np.floating[Any]]
LiveAudio: TypeAlias = bytes | bytearray | memoryview | Samples
"""Signed 16-bit little-endian mono PCM, or an array of int16 or of floats within ±1, shape ``(n,)`` or ``(n, channels)``."""


class AudioInput:
    """One stream of audio. ``sample_rate``: samples in a second (Hz). Raises ``BadArgument``."""

    def __init__(self, sample_rate: int) -> None:
        if isinstance(sample_rate, bool) or not isinstance(sample_rate, int | np.integer):
            raise BadArgument(f"sample_rate must be a whole number of samples in a second, such as 16000, not {sample_rate!r}")
        if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
            raise BadArgument(f"sample_rate must be from {LOWEST_RATE} to {HIGHEST_RATE} Hz, not {sample_rate}")
        self._rate = int(sample_rate)
        self._mixer: Mixer | None = None
        self._channels: int | None = None
        self._resampler = self._new_resampler()
        self._taken = 0

    @property
    def taken_ms(self) -> int:
        """Length of all audio so far (ms)."""
        return self._taken * 1000 // self._rate

    def pcm(self, audio: LiveAudio) -> bytes:
        """The PCM that ``audio`` completes: 16 kHz, signed 16-bit little-endian, mono. Raises ``BadArgument``."""
        samples = _checked(audio)
        channels = samples.shape[1]
        if self._channels not in (None, channels):
            raise BadArgument(f"the audio had {self._channels} channels and now has {channels}; a tracker hears one stream")
        if self._mixer is None:
            self._channels, self._mixer = channels, Mixer(self._rate, channels)
        self._taken += len(samples)
        mono = self._mixer.mix(samples)
        return encode_pcm(mono if self._resampler is None else self._resampler.resample_chunk(mono))

    def rest(self) -> bytes:
        """The PCM that the resampler has held back; what comes next begins anew."""
        if self._resampler is None:
            return b""
        last = self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)
        self._resampler = self._new_resampler()
        return encode_pcm(last)

    def _new_resampler(self) -> Any:
        return None if self._rate == SAMPLE_RATE else soxr.ResampleStream(self._rate, SAMPLE_RATE, 1, dtype="float32")


def _checked(audio: LiveAudio) -> NDArray[np.float32]:
    """``audio`` as floats within about ±1, shape ``(n, channels)``."""
    if isinstance(audio, bytes | bytearray | memoryview):
        data = bytes(audio)
        if len(data) % BYTES_PER_SAMPLE:
            raise BadArgument(
                f"{len(data)} bytes hold no whole number of 16-bit samples; give signed 16-bit little-endian mono PCM"
            )
        return decode_pcm(data)[:, None]
    if not isinstance(audio, np.ndarray):
        raise BadArgument(
            f"audio must be bytes of signed 16-bit little-endian mono PCM, or a NumPy array of int16 or of floats within ±1, not "
            f"{type(audio).__name__}"
        )
    _check_shape(audio)
    shaped = audio if audio.ndim == 2 else audio[:, None]  # noqa: PLR2004 - time and channels
    if audio.dtype.kind == "i" and audio.dtype.itemsize == BYTES_PER_SAMPLE:
        return shaped.astype(np.float32) / np.float32(FULL_SCALE)
    if audio.dtype.kind != "f":
        raise BadArgument(f"an array of {audio.dtype} is not taken for samples; it must be of int16, or of floats within ±1")
    if not np.isfinite(audio).all():
        raise BadArgument("an array has samples that are infinite or not a number")
    loudest = float(np.abs(audio).max(initial=0.0))
    if loudest > LOUDEST_FLOAT:
        raise BadArgument(
            f"floats must be within ±1, and these reach {loudest:.6g}; divide samples of 16 bits by 32768, or give them as int16"
        )
    return shaped.astype(np.float32)


def _check_shape(array: NDArray[Any]) -> None:
    if array.ndim not in (1, 2):
        raise BadArgument(f"an array must be of shape (n,) or (n, channels), not {array.shape}")
    if array.ndim == 1:
        return
    length, channels = array.shape
    if channels < 1 or channels > MAX_CHANNELS:
        turned = "; transpose it, as time comes first" if 1 <= length <= MAX_CHANNELS else ""
        raise BadArgument(f"an array of shape {array.shape} has {channels} channels, and 1 to {MAX_CHANNELS} are taken{turned}")
