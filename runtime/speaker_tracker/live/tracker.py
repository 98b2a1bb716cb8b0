"""Live tracking of one conversation, in the program that has its audio."""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from speaker_tracker.client.errors import VOICE_CODES, BadArgument, KnownVoicesRefused, ServerError, SessionOver
from speaker_tracker.client.events import Report, TrackerEvent
from speaker_tracker.client.outbox import Gap
from speaker_tracker.client.parts import Parts
from speaker_tracker.client.pcm import pieces
from speaker_tracker.client.people import People
from speaker_tracker.engine.session import Session, SessionLimits
from speaker_tracker.engine.session_io import BytesReceived, Input, Send, TextReceived
from speaker_tracker.live.audio_input import AudioInput, LiveAudio
from speaker_tracker.live.models import TrackerModels, load_models
from speaker_tracker.protocol import (
    BYTES_PER_SECOND,
    DEFAULT_SPEAKERS,
    MAX_GAP_MS,
    MAX_SPEAKERS,
    ErrorMessage,
    GapCommand,
    KnownVoice,
    StartCommand,
    StopCommand,
)
from speaker_tracker.protocol.audio_format import SAMPLE_RATE


class LiveTracker:
    """Tracker of one conversation in this process; its events are those of ``speaker_tracker.client``, with one part.

    Used as ``with LiveTracker() as tracker``. ``feed`` takes audio and returns what became known by it, ``stop`` the report.
    May be used by several threads, which take turns. Each call works as long as its models need, so a program that must not wait
    calls it from a thread of its own.

    ``num_speakers``: number of voices to track, 1 to 5. ``sample_rate``: of the audio (Hz). ``timeline``: whether to have
    ``TimelineUpdate`` and segments in the report. ``others``: whether to hear of voices beyond ``num_speakers``. ``confidence``:
    whether segments say how certain they are. ``hints``: whether to have ``Hint``, in case the audio looks like another format.
    ``known_voices``: voices to recognize. ``voiceprints``: whether to have ``Voiceprints`` and those of the report.
    ``models``: what ``load_models`` returned; None: that of the settings, with ``stages`` and ``stage_options`` as
    ``load_models`` takes them, loaded when the first tracker is entered and shared from then on.
    ``on_event``: called with each event as it comes, the last ones and the report as well; must not use the tracker.

    Raises ``BadArgument``; entering raises ``SettingsError``, ``PluginError``, ``ChainError`` and ``KnownVoicesRefused``.
    """

    def __init__(  # noqa: PLR0913 - all are options
        self,
        *,
        num_speakers: int = DEFAULT_SPEAKERS,
        sample_rate: int = SAMPLE_RATE,
        timeline: bool = True,
        others: bool = False,
        confidence: bool = False,
        hints: bool = False,
        known_voices: Sequence[KnownVoice] = (),
        voiceprints: bool = False,
        models: TrackerModels | None = None,
        stages: Sequence[str] | None = None,
        stage_options: Mapping[str, Mapping[str, Any]] | None = None,
        on_event: Callable[[TrackerEvent], object] | None = None,
    ) -> None:
        if models is not None and (stages is not None or stage_options is not None):
            raise BadArgument("models are loaded already; give stages and stage_options to load_models")
        if not all(isinstance(voice, KnownVoice) for voice in known_voices):
            raise BadArgument("known_voices must be a sequence of KnownVoice, each of a name and a Voiceprint")
        people = People(known_voices, voiceprints=voiceprints)
        try:
            self._start = StartCommand(
                num_speakers=num_speakers,
                timeline=timeline,
                others=others,
                confidence=confidence,
                hints=hints,
                **people.start_fields,
            )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            wanted = f"a whole number from 1 to {MAX_SPEAKERS}" if first["loc"][0] == "num_speakers" else "True or False"
            raise BadArgument(f"{first['loc'][0]} must be {wanted}, not {first['input']!r}") from error
        self._input = AudioInput(sample_rate)
        self._models = models
        self._given = {"stages": stages, "stage_options": stage_options}
        self._on_event = on_event
        self._parts = Parts(people, timeline=timeline)
        self._session: Session | None = None
        self._gaps_ms = 0
        self._report: Report | None = None
        self._failure: Exception | None = None
        self._closed = False
        self._lock = threading.RLock()
        self._busy = False

    def __enter__(self) -> Self:
        with self._turn():
            if self._session is not None or self._closed:
                raise RuntimeError("a tracker is entered once; make another for another conversation")
            models = self._models or load_models(**self._given)  # type: ignore[arg-type]
            limits = SessionLimits(BYTES_PER_SECOND, math.inf, models.voice_limits)
            self._session = Session(f"live-{secrets.token_hex(4)}", models.chain.open, limits, models.voice_model)
            self._handle(TextReceived(self._start.model_dump_json(exclude_none=True)))
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._turn():
            self._closed = True
            if self._session is not None:
                self._session.abandon()

    def feed(self, audio: LiveAudio) -> list[TrackerEvent]:
        """Takes audio of any length, and returns the events that it leads to, in order; often none, and never the report.

        ``audio``: signed 16-bit little-endian mono PCM as bytes, or a NumPy array of int16 or of floats within ±1, of shape
        ``(n,)`` or ``(n, channels)``, which are mixed. Raises ``BadArgument`` before anything is taken, ``SessionOver``, and
        ``ServerError`` where a stage has failed or the audio is surely of another format.
        """
        with self._turn():
            self._check_open()
            return self._hear(self._input.pcm(audio))

    def gap(self, ms: int) -> list[TrackerEvent]:
        """Says that there was no audio for ``ms`` milliseconds (1 to a day); later audio is later by that. Returns as ``feed``."""
        if isinstance(ms, bool) or not isinstance(ms, int) or not 1 <= ms <= MAX_GAP_MS:
            raise BadArgument(f"a gap must be a whole number of milliseconds from 1 to {MAX_GAP_MS}, not {ms!r}")
        with self._turn():
            self._check_open()
            events = self._hear(self._input.rest())
            self._gaps_ms += ms
            return events + self._handle(TextReceived(GapCommand(ms=ms).model_dump_json()))

    def stream(self, source: Iterable[LiveAudio | Gap]) -> Report:
        """Takes all of ``source``, gaps as well, and stops; returns the report. Events go to ``on_event``. Raises as ``feed``."""
        for each in source:
            if isinstance(each, Gap):
                self.gap(each.ms)
            else:
                self.feed(each)
        return self.stop()

    def stop(self) -> Report:
        """Ends the audio and returns the report. May be called again, for the same one. Raises as ``feed`` does."""
        with self._turn():
            if self._report is not None:
                return self._report
            self._check_open()
            self._hear(self._input.rest())
            self._handle(TextReceived(StopCommand().model_dump_json()))
            self._report = self._parts.report(self._taken_ms, stopped=True)
            self._tell([self._report])
            return self._report

    def report_so_far(self) -> Report:
        """What is known by now, as a ``Report``; also after an error and after the end."""
        with self._turn():
            return self._report or self._parts.report(self._taken_ms, stopped=False)

    @property
    def _taken_ms(self) -> int:
        return self._input.taken_ms + self._gaps_ms

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The right to use the session, which threads have one after the other."""
        with self._lock:
            if self._busy:
                raise RuntimeError("on_event must not use the tracker that calls it")
            self._busy = True
            try:
                yield
            finally:
                self._busy = False

    def _check_open(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed or self._report is not None:
            raise SessionOver("the tracker was stopped or left; make another for another conversation")
        if self._session is None:
            raise RuntimeError("a tracker is used as a context: with LiveTracker() as tracker: ...")

    def _hear(self, pcm: bytes) -> list[TrackerEvent]:
        return [event for piece in pieces(pcm, BYTES_PER_SECOND) for event in self._handle(BytesReceived(piece))]

    def _handle(self, received: Input) -> list[TrackerEvent]:
        if self._session is None:
            raise RuntimeError("no session is open")
        events: list[TrackerEvent] = []
        for outputs in self._session.handle(received):
            for message in [output.message for output in outputs if isinstance(output, Send)]:
                if isinstance(message, ErrorMessage):
                    kind = KnownVoicesRefused if message.code in VOICE_CODES else ServerError
                    self._failure = kind(message.message, message.code)
                    raise self._failure
                event = self._parts.current.add(message)
                if event is not None:
                    events.append(event)
        self._tell(events)
        return events

    def _tell(self, events: Iterable[TrackerEvent]) -> None:
        if self._on_event is not None:
            for event in events:
                self._on_event(event)
