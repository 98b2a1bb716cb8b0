"""Tracks the speakers of an audio file in process, with the same session as on the server."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

from speaker_tracker.audio.crosstalk import without_crosstalk
from speaker_tracker.audio.file import AudioFile
from speaker_tracker.audio.pcm import encode_pcm
from speaker_tracker.engine.pipeline import Pipeline
from speaker_tracker.engine.session import Session, SessionLimits
from speaker_tracker.engine.session_io import BytesReceived, Input, Send, TextReceived
from speaker_tracker.errors import UserError
from speaker_tracker.events.audio import SAMPLE_RATE
from speaker_tracker.events.voice import VoiceModel
from speaker_tracker.protocol import ErrorMessage, KnownVoice, ReportMessage, ServerMessage, StartCommand, StopCommand
from speaker_tracker.results.timeline_recorder import TimelineRecorder
from speaker_tracker.stage import SessionInfo

DEFAULT_FRAME_MS = 8000
"""Audio that is processed at a time: models take many windows in a call, and messages are the same for any length."""


class TrackingError(UserError):
    """The session ended with an error instead of a report."""


class TrackedAudio(Protocol):
    """Audio that can be tracked, such as an ``AudioFile``."""

    @property
    def path(self) -> Path:
        """Where it comes from."""
        ...

    @property
    def seconds(self) -> float:
        """Its duration."""
        ...

    def frames(self, frame_ms: int) -> Iterator[bytes]:
        """The audio as signed 16-bit little-endian mono PCM at 16 kHz, in frames of ``frame_ms``; the last one may be shorter."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceRequest:
    """What is asked of known voices.

    ``model``: ``Chain.voice_model``, by which they are recognized. ``known``: voices to recognize. ``voiceprints``: whether to have
    voiceprints in the report.
    """

    model: VoiceModel | None = None
    known: tuple[KnownVoice, ...] = ()
    voiceprints: bool = False

    @property
    def start_fields(self) -> dict[str, Any]:
        """What ``StartCommand`` says of it."""
        return {"voiceprints": self.voiceprints, "known_voices": list(self.known) or None}


@dataclass(frozen=True, slots=True)
class Tracking:
    """Result of tracking one file.

    ``seconds``: duration of the audio. ``processing_seconds``: processing time of the session, without reading the file.
    """

    seconds: float
    processing_seconds: float
    recorder: TimelineRecorder
    report: ReportMessage

    @property
    def real_time_factor(self) -> float:
        """Processing time as a fraction of the audio's duration; below 1 is faster than it is spoken."""
        return self.processing_seconds / self.seconds


def track(  # noqa: PLR0913 - the input and its callbacks
    open_pipeline: Callable[[SessionInfo], Pipeline],
    audio: TrackedAudio,
    num_speakers: int,
    *,
    frame_ms: int = DEFAULT_FRAME_MS,
    on_progress: Callable[[float], object] | None = None,
    on_message: Callable[[ServerMessage], object] | None = None,
    confidence: bool = False,
    voices: VoiceRequest | None = None,
) -> Tracking:
    """Streams ``audio`` through a session, in frames of ``frame_ms``, as a client would that requests the timeline.

    ``open_pipeline``: ``Chain.open``. ``on_progress``: called with the seconds of audio processed since the last call.
    ``on_message``: called with each message of the session. ``confidence``: whether segments have it. ``voices``: what is asked of
    known voices and voiceprints.
    Raises ``TrackingError`` if the session fails and ``AudioFileError`` if nothing of the file can be read.
    """
    asked = voices or VoiceRequest()
    run = _Run(open_pipeline, audio, frame_ms, on_message, asked.model)
    start = StartCommand(
        num_speakers=num_speakers,
        timeline=True,
        others=True,
        confidence=confidence,
        **asked.start_fields,
    )
    run.send(TextReceived(start.model_dump_json()))
    for frame in audio.frames(frame_ms):
        run.send(BytesReceived(frame))
        if on_progress is not None:
            on_progress(len(frame) / 2 / SAMPLE_RATE)
    return run.end()


def track_channels(  # noqa: PLR0913 - as of track
    open_pipeline: Callable[[SessionInfo], Pipeline],
    audio: AudioFile,
    num_speakers: int,
    *,
    on_progress: Callable[[float], object] | None = None,
    confidence: bool = False,
    voices: VoiceRequest | None = None,
) -> list[Tracking]:
    """Runs a session for each channel of ``audio``, without cross-talk between channels. Raises as ``track`` does.

    ``num_speakers``: number of voices to track on each channel. ``confidence``, ``voices``: as of ``track``.
    """
    asked = voices or VoiceRequest()
    runs = [_Run(open_pipeline, audio, DEFAULT_FRAME_MS, None, asked.model) for _ in range(audio.channels)]
    start = StartCommand(num_speakers=num_speakers, timeline=True, confidence=confidence, **asked.start_fields)
    for run in runs:
        run.send(TextReceived(start.model_dump_json()))
    for block in without_crosstalk(audio.channel_blocks(), audio.channels):
        for run, samples in zip(runs, block.T, strict=True):
            run.send(BytesReceived(encode_pcm(samples)))
        if on_progress is not None:
            on_progress(len(block) / SAMPLE_RATE)
    return [run.end() for run in runs]


class _Run:
    def __init__(
        self,
        open_pipeline: Callable[[SessionInfo], Pipeline],
        audio: TrackedAudio,
        frame_ms: int,
        on_message: Callable[[ServerMessage], object] | None,
        voice_model: VoiceModel | None = None,
    ) -> None:
        length = SAMPLE_RATE * 2 * frame_ms // 1000
        limits = SessionLimits(max_frame_bytes=length, max_session_seconds=math.inf, piece_bytes=length)
        self._session = Session(audio.path.name, open_pipeline, limits, voice_model)
        self._audio = audio
        self._on_message = on_message
        self.recorder = TimelineRecorder()
        self.processing_seconds = 0.0

    def send(self, received: Input) -> None:
        begun = perf_counter()
        outputs = [output for step in self._session.handle(received) for output in step]
        self.processing_seconds += perf_counter() - begun
        for output in outputs:
            if not isinstance(output, Send):
                continue
            if isinstance(output.message, ErrorMessage):
                raise TrackingError(f"{self._audio.path}: {output.message.message}")
            self.recorder.add(output.message)
            if self._on_message is not None:
                self._on_message(output.message)

    def end(self) -> Tracking:
        """Ends the session. Raises ``TrackingError``."""
        self.send(TextReceived(StopCommand().model_dump_json()))
        report = self.recorder.report
        if report is None:
            raise TrackingError(f"{self._audio.path}: the session ended without a report")
        return Tracking(self._audio.seconds, self.processing_seconds, self.recorder, report)
