"""Recording from a microphone with PortAudio (the package ``sounddevice``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from speaker_tracker.audio.mixing import Mixer
from speaker_tracker.audio.pcm import quantize
from speaker_tracker.cli.stream.source import FRAME_MS, AudioSource, stall_gap
from speaker_tracker.client import Gap
from speaker_tracker.errors import MissingExtraError, UserError
from speaker_tracker.events.audio import SAMPLE_RATE
from speaker_tracker.protocol.audio_format import FULL_SCALE

HELD_FRAMES = 300
"""Audio recorded while the server accepts none is kept up to half a minute; more is lost."""
SILENT_SECONDS = 10.0
"""Time without data after which a device counts as disconnected."""


class MicrophoneError(UserError):
    """There is no microphone, or it fails."""


@dataclass(frozen=True, slots=True)
class InputFormat:
    """Format in which a device is opened. ``rate``: samples per second."""

    rate: int
    channels: int


def input_devices() -> list[tuple[int, str, bool]]:
    """Number and name of each recording device, and whether it is the default.

    Raises ``MissingExtraError`` and ``MicrophoneError``.
    """
    portaudio = _portaudio()
    default = portaudio.default.device[0]
    return [
        (device["index"], device["name"], device["index"] == default)
        for device in portaudio.query_devices()
        if device["max_input_channels"] > 0
    ]


class Microphone(AudioSource):
    """Records from a device until ``stop``.

    ``device``: a number, a part of a name, or None for the default. Raises ``MissingExtraError`` and ``MicrophoneError``.
    """

    path = Path("microphone")

    def __init__(self, device: str | None = None) -> None:
        self._portaudio = _portaudio()
        try:
            found = self._portaudio.query_devices(int(device) if device is not None and device.isdecimal() else device, "input")
        except (ValueError, self._portaudio.PortAudioError) as error:
            raise MicrophoneError(_not_found(device, error)) from error
        self._device: int = found["index"]
        self._name: str = found["name"]
        self._format = self._usable_format(found)
        self._mixer = Mixer(self._format.rate, self._format.channels, FULL_SCALE)
        self._blocks: asyncio.Queue[NDArray[np.int16] | Gap | None] = asyncio.Queue()
        self._overflows = 0
        self._lost = 0
        self._missing = 0

    @property
    def label(self) -> str:
        """The device's name."""
        return f"microphone ({self._name})"

    @property
    def notes(self) -> list[str]:
        """Sentences about lost audio and about channels in opposite phase, if any."""
        notes = []
        if self._overflows:
            notes.append(f"this machine did not keep up with the microphone: audio was lost {_times(self._overflows)}")
        if self._lost:
            seconds = self._lost * FRAME_MS / 1000
            notes.append(f"the server was away, or did not keep up with the microphone: {seconds:.1f} s of audio were left out")
        if self._mixer.note is not None:
            notes.append(f"the microphone {self._name!r} {self._mixer.note}")
        return notes

    async def frames(self) -> AsyncIterator[bytes | Gap]:
        """The recorded audio, with gaps where the device stalled or audio was left out.

        Raises ``MicrophoneError`` if the device fails or delivers nothing any more.
        """
        loop = asyncio.get_running_loop()
        resampler = soxr.ResampleStream(self._format.rate, SAMPLE_RATE, 1, dtype="float32")
        stream = self._opened(loop)
        begun = False
        try:
            asked_at = loop.time()
            while (block := await self._next()) is not None:
                if isinstance(block, Gap):
                    yield block
                    continue
                if begun and (gap := stall_gap(loop.time() - asked_at, FRAME_MS / 1000)) is not None:
                    yield gap
                begun = True
                yield self._pcm(block, resampler)
                asked_at = loop.time()
        finally:
            with suppress(self._portaudio.PortAudioError):
                stream.close(ignore_errors=True)

    def stop(self) -> None:
        """Ends ``frames`` after what has been recorded so far."""
        self._blocks.put_nowait(None)

    def _opened(self, loop: asyncio.AbstractEventLoop) -> Any:
        def heard(data: Any, _frames: int, _time: Any, status: Any) -> None:  # on a thread of PortAudio's
            block = np.frombuffer(bytes(data), np.int16).reshape(-1, self._format.channels)
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(self._take, block, bool(status.input_overflow))

        try:
            stream = self._portaudio.RawInputStream(
                device=self._device,
                samplerate=self._format.rate,
                channels=self._format.channels,
                dtype="int16",
                blocksize=self._format.rate * FRAME_MS // 1000,
                callback=heard,
            )
            stream.start()
        except self._portaudio.PortAudioError as error:
            raise MicrophoneError(f"the microphone {self._name!r} cannot be opened: {_reason(error)}") from error
        return stream

    def _take(self, block: NDArray[np.int16], overflowed: bool) -> None:
        self._overflows += overflowed
        if self._blocks.qsize() >= HELD_FRAMES:
            self._lost += 1
            self._missing += 1
            return
        if self._missing:
            self._blocks.put_nowait(Gap(self._missing * FRAME_MS))
            self._missing = 0
        self._blocks.put_nowait(block)

    async def _next(self) -> NDArray[np.int16] | Gap | None:
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                return await self._blocks.get()
        except TimeoutError as error:
            raise MicrophoneError(
                f"the microphone {self._name!r} has given nothing for {SILENT_SECONDS:g} s; is it gone?"
            ) from error

    def _pcm(self, block: NDArray[np.int16], resampler: Any) -> bytes:
        if self._format == InputFormat(SAMPLE_RATE, 1):
            return block.astype("<i2").tobytes()
        mono = self._mixer.mix(block)
        samples = mono if self._format.rate == SAMPLE_RATE else resampler.resample_chunk(mono)
        return quantize(samples)

    def _usable_format(self, device: Any) -> InputFormat:
        reason: Exception | None = None
        for tried in _formats(device):
            try:
                self._portaudio.check_input_settings(self._device, tried.channels, "int16", samplerate=tried.rate)
            except (ValueError, self._portaudio.PortAudioError) as error:
                reason = error
            else:
                return tried
        raise MicrophoneError(f"the microphone {self._name!r} cannot be used: {_reason(reason)}") from reason


def _formats(device: Any) -> Iterator[InputFormat]:
    """Formats to try: that of the session, then that preferred by the device."""
    own, channels = round(device["default_samplerate"]), device["max_input_channels"]
    yield InputFormat(SAMPLE_RATE, 1)
    yield InputFormat(own, 1)
    yield InputFormat(SAMPLE_RATE, channels)
    yield InputFormat(own, channels)


def _portaudio() -> Any:
    try:
        import sounddevice  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise MissingExtraError.of("the microphone", "sounddevice", "mic") from error
    except OSError as error:
        raise MicrophoneError(
            "the microphone needs the PortAudio library, which is not installed; on Debian and Ubuntu: apt install libportaudio2"
        ) from error
    return sounddevice


def _not_found(device: str | None, error: Exception) -> str:
    listed = "; ".join(f"{number}: {name}" for number, name, _ in input_devices())
    if not listed:
        return "there is no microphone: PortAudio finds no device to record from"
    if device is None:
        return f"there is no default microphone; choose one with --device: {listed}"
    if "Multiple" in str(error):
        return f"several microphones have {device!r} in their names; choose one by its number with --device: {listed}"
    return f"there is no microphone {device!r}; choose one with --device: {listed}"


def _reason(error: Exception | None) -> str:
    first = error.args[0] if error is not None and error.args else error
    return str(first).rstrip(".")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
