"""One session as a state machine without I/O: the client's messages go in, messages for the client come out.

The network shell only pumps it. ``Session.steps`` is a generator: it pauses at each model call, so that the shell can answer the
calls of many sessions together, and after each second of audio, so that sessions take turns and messages are sent while a long
frame is still being processed. ``Session.handle`` is the same for a session that has a thread to itself.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from time import thread_time

from speaker_tracker.engine.checkpoints import Checkpoints
from speaker_tracker.engine.commands import MAX_COMMAND_BYTES, is_command, parse_command
from speaker_tracker.engine.known_voices import KnownVoiceLimits, checked_voices
from speaker_tracker.engine.model_calls import ModelCall
from speaker_tracker.engine.pipeline import Pipeline, StageFailure
from speaker_tracker.engine.saved_session import SavedSession, SavedSessionError, decode, encode
from speaker_tracker.engine.served_audio import check_announced_audio
from speaker_tracker.engine.session_io import (
    BytesReceived,
    Close,
    Fetch,
    IdleTimedOut,
    Input,
    Keep,
    LimitExceeded,
    Output,
    Send,
    SessionFetched,
    SessionSteps,
    ShutdownRequested,
    TakenOver,
    TextReceived,
)
from speaker_tracker.errors import BadInput
from speaker_tracker.events import SAMPLE_RATE, AudioClock, AudioGap, AudioHint, ClientMessage, Event, PcmReceived, VoiceModel
from speaker_tracker.protocol import (
    BYTES_PER_SAMPLE,
    BYTES_PER_SECOND,
    CLOSE_CODE_OF,
    PCM_FORMAT,
    CloseCode,
    ErrorCode,
    ErrorMessage,
    GapCommand,
    HintMessage,
    KeepAliveCommand,
    ResumeCommand,
    ResumedMessage,
    ServerMessage,
    SpeakerMessage,
    StartCommand,
    StartedMessage,
    StopCommand,
)
from speaker_tracker.stage import SessionInfo

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """``max_frame_bytes``: longest frame accepted. ``max_session_seconds``: audio that one session may send, without gaps.

    ``known_voices``: how many voices ``start`` may bring, and with what names. ``piece_bytes``: audio that is processed at a time,
    an even number; the longer, the less work, the later are messages, and the longer others wait.
    """

    max_frame_bytes: int = 1 << 20
    max_session_seconds: float = 8 * 3600.0
    known_voices: KnownVoiceLimits = field(default_factory=KnownVoiceLimits)
    piece_bytes: int = BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Keeping:
    """How sessions are kept that can be resumed.

    ``chain``: see ``Chain.fingerprint``. ``interval_seconds``: audio between two saves. ``outlives_server``: whether a session can
    go on at another server once this one has ended.
    """

    chain: str
    interval_seconds: float
    outlives_server: bool


class SessionState(Enum):
    """``AWAITING_START`` → ``STREAMING`` → ``CLOSED``; an error goes to ``CLOSED`` from either."""

    AWAITING_START = auto()
    STREAMING = auto()
    CLOSED = auto()


class Session:
    """One client's session. ``open_pipeline`` makes its pipeline once the client has said ``start``.

    ``voice_model``: the model by which the pipeline recognizes known voices and makes voiceprints; None: it does neither.
    ``keeping``: how it is kept if the client wants to be able to resume it; None: it cannot be resumed.
    """

    def __init__(
        self,
        session_id: str,
        open_pipeline: Callable[[SessionInfo], Pipeline],
        limits: SessionLimits | None = None,
        voice_model: VoiceModel | None = None,
        keeping: Keeping | None = None,
    ) -> None:
        self.session_id = session_id
        self._voice_model = voice_model
        self.state = SessionState.AWAITING_START
        self._open_pipeline = open_pipeline
        self._limits = limits or SessionLimits()
        self._pipeline: Pipeline | None = None
        self._audio_bytes = 0
        self._gap_samples = 0
        self._start_command = StartCommand()
        self._hinted: set[str] = set()
        self._keeping = keeping
        self._checkpoints: Checkpoints | None = None
        self._position = 0
        self._keeping_failed = False

    def handle(self, received: Input) -> Iterator[list[Output]]:
        """Processes one input; yields what to send and whether to close, step by step. Must be exhausted before the next input.

        Raises nothing: any failure becomes an error message and a close. Inputs after the end are ignored.
        """
        steps = self.steps(received)
        while True:
            try:
                paused = next(steps)
            except StopIteration as end:
                yield end.value
                return
            if isinstance(paused, ModelCall):
                paused.answer_alone()
            else:
                yield paused

    def steps(self, received: Input) -> SessionSteps:
        """``handle`` that pauses at model calls as well, to be gone on with once they are answered."""
        if self.state is SessionState.CLOSED:
            return []
        try:
            return (yield from self._dispatch(received))
        except BadInput as error:
            return self._fail(error.code, error.message)
        except StageFailure as error:
            logger.error("session %s: %s", self.session_id, error, exc_info=error)
            return self._fail(
                ErrorCode.STAGE_FAILED, f"{error} on the server's side; this session is over, others are not affected"
            )
        except Exception:
            logger.exception("session %s failed", self.session_id)
            return self._fail(ErrorCode.STAGE_FAILED, "the server failed; this session is over, others are not affected")

    def give_up(self, message: str) -> list[Output]:
        """Ends the session where a stage does not return; ``message`` says so to the client. Returns what to put out.

        The stage is still at work, so the stages are left alone.
        """
        self._pipeline = None
        return [] if self.state is SessionState.CLOSED else self._fail(ErrorCode.STAGE_FAILED, message)

    def abandon(self) -> None:
        """Releases all resources of a session whose client is gone. Must not be called while a step is under way."""
        self.state = SessionState.CLOSED
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.close()

    def kept(self, position: int) -> None:
        """Takes note that what was to be kept of the session at ``position`` (samples) is stored. May be called at any time."""
        if self._checkpoints is not None:
            self._checkpoints.stored(position)

    def keep_no_more(self) -> None:
        """Goes on as a session that cannot be resumed. Must not be called while a step is under way."""
        self._checkpoints = None

    def _dispatch(self, received: Input) -> SessionSteps:
        match received:
            case TextReceived():
                return (yield from self._handle_text(received.text))
            case BytesReceived():
                return (yield from self._handle_audio(received.data))
            case ShutdownRequested():
                return (yield from self._shut_down())
            case LimitExceeded():
                yield (yield from self._report_so_far())
                raise received.error
            case SessionFetched():
                if received.is_unavailable:
                    raise BadInput(ErrorCode.SERVER_BUSY, "kept sessions cannot be read now; connect and resume again later")
                return self._resume(received.data)
            case TakenOver():
                raise BadInput(
                    ErrorCode.SESSION_TAKEN_OVER, "another connection goes on with this session, and a session has one at a time"
                )
            case IdleTimedOut():
                yield (yield from self._report_so_far())
                raise BadInput(
                    ErrorCode.IDLE_TIMEOUT,
                    f"nothing was received for {received.seconds:g} s; send audio, silence as well, or while there is none "
                    f'{{"action": "keepalive"}}, or stop the session',
                )

    # -- control messages --------------------------------------------------------------------------------------------------------

    def _handle_text(self, text: str) -> SessionSteps:
        if len(text) > MAX_COMMAND_BYTES and not self._may_bring_voices(text):
            self._check_length(len(text))
            raise BadInput(
                ErrorCode.INVALID_JSON,
                f"a text frame of {len(text)} characters is no control message; those are short JSON objects, and audio goes "
                f"in binary frames as {PCM_FORMAT}",
            )
        match parse_command(text):
            case StartCommand() as command:
                self._check_is_new()
                return self._start(command)
            case ResumeCommand() as command:
                self._check_is_new()
                return [Fetch(command.session)] if self._keeping is not None else self._resume(None)
            case GapCommand() as command:
                return (yield from self._skip(command))
            case KeepAliveCommand():
                self._started("nothing to keep open")
                return []
            case StopCommand():
                self._started("nothing to stop")
                return (yield from self._finish(Close(CloseCode.NORMAL)))

    def _may_bring_voices(self, text: str) -> bool:
        """Whether a text that is long for a control message may be a ``start`` with known voices, which alone may be so long."""
        longest = MAX_COMMAND_BYTES + self._limits.known_voices.max_bytes
        return self._pipeline is None and len(text) <= longest and '"known_voices"' in text

    def _check_is_new(self) -> None:
        if self._pipeline is not None:
            raise BadInput(
                ErrorCode.ALREADY_STARTED,
                "the session is already started; send audio or stop, and open another connection for another session",
            )

    def _start(self, command: StartCommand) -> list[Output]:
        check_announced_audio(command)
        pipeline = self._open(command)
        token = None
        outputs: list[Output] = []
        if command.resumable and self._keeping is not None and (saved := self._saved(pipeline, self._keeping.chain)) is not None:
            self._checkpoints = Checkpoints(self._keeping.interval_seconds)
            token = secrets.token_urlsafe(32)
            outputs.append(Keep(saved, 0, token))
        return [*outputs, Send(StartedMessage(num_speakers=command.num_speakers, session=token))]

    def _open(self, command: StartCommand) -> Pipeline:
        info = SessionInfo(
            self.session_id,
            command.num_speakers,
            command.timeline,
            others=command.others,
            confidence=command.confidence,
            hints=command.hints,
            voiceprints=command.voiceprints,
            known_voices=checked_voices(command, self._limits.known_voices, self._voice_model),
        )
        self._pipeline = self._open_pipeline(info)
        self._start_command = command
        self.state = SessionState.STREAMING
        return self._pipeline

    # -- sessions that outlive their connection ----------------------------------------------------------------------------------

    def _resume(self, data: bytes | None) -> list[Output]:
        if data is None or self._keeping is None:
            raise BadInput(
                ErrorCode.SESSION_UNKNOWN,
                "there is no such session: it has ended or expired, or never was here; start another one",
            )
        try:
            saved = decode(data, self._keeping.chain)
        except SavedSessionError as error:
            raise BadInput(
                ErrorCode.SESSION_INCOMPATIBLE, f"this server cannot go on with the session, as {error}; start another one"
            ) from error
        self.session_id = saved.session_id
        pipeline = self._open(saved.start)
        try:
            pipeline.restore(saved.states)
        except Exception as error:
            logger.exception("session %s: cannot be resumed", self.session_id)
            raise BadInput(
                ErrorCode.SESSION_INCOMPATIBLE,
                "this server cannot go on with the session, as its stages do not take the state that was kept; start another one",
            ) from error
        self._position, self._gap_samples = saved.position, saved.gap_samples
        self._audio_bytes = (saved.position - saved.gap_samples) * BYTES_PER_SAMPLE
        self._hinted = set(saved.hinted)
        self._checkpoints = Checkpoints(self._keeping.interval_seconds, saved.position)
        return [Send(ResumedMessage(num_speakers=saved.start.num_speakers, audioMs=self._checkpoints.stored_ms))]

    def _checkpoint(self, pipeline: Pipeline) -> list[Output]:
        """What to keep of the session now, if anything."""
        if self._checkpoints is None or self._keeping is None:
            return []
        if not self._checkpoints.is_due(self._position, lambda: self._is_settled(pipeline)):
            return []
        begin = thread_time()
        saved = self._saved(pipeline, self._keeping.chain)
        self._checkpoints.took(thread_time() - begin)
        return [] if saved is None else [Keep(saved, self._position)]

    def _is_settled(self, pipeline: Pipeline) -> bool:
        try:
            return pipeline.is_settled
        except Exception as error:
            self._complain_of_keeping(error)
            return False

    def _saved(self, pipeline: Pipeline, chain: str) -> bytes | None:
        """What to keep; None where a stage does not give its state, or none that can be kept, without which the session goes on."""
        gaps, hinted = self._gap_samples, tuple(sorted(self._hinted))
        try:
            states = pipeline.snapshot()
            return encode(SavedSession(self.session_id, chain, self._start_command, self._position, gaps, hinted, states))
        except Exception as error:
            self._complain_of_keeping(error)
            return None

    def _complain_of_keeping(self, error: Exception) -> None:
        if not self._keeping_failed:
            self._keeping_failed = True
            logger.error("session %s cannot be kept now, and goes on without it", self.session_id, exc_info=error)

    # -- time without audio ------------------------------------------------------------------------------------------------------

    def _skip(self, command: GapCommand) -> SessionSteps:
        pipeline = self._started("no clock to move on")
        start = self._audio_bytes // BYTES_PER_SAMPLE + self._gap_samples
        length = command.ms * SAMPLE_RATE // 1000
        self._gap_samples += length
        outputs = self._outputs((yield from pipeline.feeding(AudioGap(start, start + length))))
        return [*outputs, *self._checkpoint(pipeline)]

    def _started(self, missing: str) -> Pipeline:
        """The session's pipeline. Raises ``BadInput`` before the start, when there is ``missing``."""
        if self._pipeline is None:
            raise BadInput(ErrorCode.NOT_STARTED, f'there is {missing}; send {{"action": "start", "num_speakers": 2}} first')
        return self._pipeline

    # -- audio -------------------------------------------------------------------------------------------------------------------

    def _handle_audio(self, data: bytes) -> SessionSteps:
        self._check_frame(data)
        pipeline = self._pipeline
        if pipeline is None:
            raise BadInput(
                ErrorCode.NOT_STARTED,
                'audio came before the session was started; send {"action": "start", "num_speakers": 2} and wait for "started"',
            )
        self._audio_bytes += len(data)
        if self._audio_bytes > self._limits.max_session_seconds * BYTES_PER_SECOND:
            yield (yield from self._report_so_far())
            raise BadInput(
                ErrorCode.SESSION_TOO_LONG,
                f"this server takes at most {self._limits.max_session_seconds:g} s of audio in one session; stop before that and "
                f"start another",
            )
        outputs: list[Output] = []
        length = self._limits.piece_bytes
        for offset in range(0, len(data), length):
            if offset:
                yield outputs
            piece = data if len(data) <= length else data[offset : offset + length]
            outputs = self._outputs((yield from pipeline.feeding(PcmReceived(piece))))
            outputs += self._checkpoint(pipeline)
        return outputs

    def _check_frame(self, data: bytes) -> None:
        self._check_length(len(data))
        if data[:1] == b"{" and len(data) <= MAX_COMMAND_BYTES and is_command(data):
            raise BadInput(
                ErrorCode.INVALID_MESSAGE,
                "a control message came in a binary frame; send JSON in text frames and audio in binary frames",
            )

    def _check_length(self, length: int) -> None:
        if length > self._limits.max_frame_bytes:
            raise BadInput(
                ErrorCode.FRAME_TOO_LARGE,
                f"a frame may hold at most {self._limits.max_frame_bytes} bytes "
                f"({self._limits.max_frame_bytes / BYTES_PER_SECOND:.1f} s of audio); send audio in frames of 20 ms to 1 s",
            )

    # -- the end -----------------------------------------------------------------------------------------------------------------

    def _shut_down(self) -> SessionSteps:
        if self._pipeline is None:
            raise BadInput(ErrorCode.SHUTTING_DOWN, "the server is shutting down; connect again later")
        if self._checkpoints is not None and self._keeping is not None and self._keeping.outlives_server:
            raise BadInput(ErrorCode.SHUTTING_DOWN, "the server is shutting down; connect again and resume the session")
        return (yield from self._finish(Close(CloseCode.GOING_AWAY, "server is shutting down")))

    def _finish(self, close: Close) -> SessionSteps:
        outputs = yield from self._report_so_far()
        self.abandon()
        return [*outputs, close]

    def _report_so_far(self) -> SessionSteps:
        """The remaining messages, the report last; none if the session was not started."""
        return [] if self._pipeline is None else self._outputs((yield from self._pipeline.flushing()))

    def _fail(self, code: ErrorCode, message: str) -> list[Output]:
        self.abandon()
        return [Send(ErrorMessage(code=code, message=message)), Close(CLOSE_CODE_OF[code], code.value)]

    def _outputs(self, events: list[Event]) -> list[Output]:
        outputs: list[Output] = []
        for event in events:
            match event:
                case ClientMessage():
                    outputs.append(Send(self._acknowledging(event.message)))
                case AudioClock():
                    self._position = event.position
                case AudioHint() if event.code not in self._hinted:
                    self._hinted.add(event.code)
                    logger.warning("session %s, hint %s: %s", self.session_id, event.code, event.message)
                    if self._start_command.hints:
                        outputs.append(Send(HintMessage(code=event.code, message=event.message)))
        return outputs

    def _acknowledging(self, message: ServerMessage) -> ServerMessage:
        if self._checkpoints is None or not isinstance(message, SpeakerMessage):
            return message
        return message.model_copy(update={"ackMs": self._checkpoints.stored_ms})
