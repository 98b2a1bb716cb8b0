"""The session as a state machine: frames in, messages and a close out; no sockets, no models."""

import json
import weakref

import pytest

from speaker_tracker.engine.pipeline import OpenStage, Pipeline
from speaker_tracker.engine.session import Session, SessionLimits, SessionState
from speaker_tracker.engine.session_io import BytesReceived, Close, IdleTimedOut, Send, ShutdownRequested, TextReceived
from speaker_tracker.events import AudioGap, AudioHint, ClientMessage, PcmReceived
from speaker_tracker.protocol import (
    BadInput,
    CloseCode,
    ErrorCode,
    ErrorMessage,
    HintMessage,
    ReportMessage,
    SpeakerMessage,
    StartedMessage,
)
from speaker_tracker.stage import StatelessStage

SECOND = b"\0\0" * 16_000
REPORT = ReportMessage(speakers=[])


class EchoStage(StatelessStage):
    """Answers each piece of PCM with a message that tells its length; the report at the end is empty."""

    def __init__(self, fail_with=None):
        self.fail_with = fail_with
        self.pieces = []
        self.gaps = []
        self.hints = []

    def feed(self, event):
        if isinstance(event, AudioGap):
            self.gaps.append(event)
            return []
        if isinstance(event, AudioHint):
            return [event]
        assert isinstance(event, PcmReceived)
        if self.fail_with:
            raise self.fail_with
        self.pieces.append(len(event.data))
        return [*self.hints, ClientMessage(SpeakerMessage(currentSpeakerId=None, speakingTimeMs={0: len(event.data)}))]

    def flush(self):
        if self.fail_with:
            raise self.fail_with
        return [ClientMessage(REPORT)]


class SessionDriver:
    """A session and what came out of it, in the protocol's words."""

    def __init__(self, limits=None, fail_with=None, voice_model=None):
        self.opened = []
        self.stage = EchoStage(fail_with)
        self.session = Session("test", self._open, limits, voice_model)

    def _open(self, info):
        self.opened.append(info)
        return Pipeline([OpenStage("echo", self.stage, None)])

    def steps(self, received):
        return list(self.session.handle(received))

    def put_in(self, received):
        return [output for step in self.steps(received) for output in step]

    def say(self, **command):
        return self.put_in(TextReceived(json.dumps(command)))

    def text(self, text):
        return self.put_in(TextReceived(text))

    def audio(self, data):
        return self.put_in(BytesReceived(data))

    def started(self, **more):
        self.say(action="start", **more)
        assert self.session.state is SessionState.STREAMING
        return self


def assert_error(outputs, code, close, *words):
    """``outputs`` are one error message, which holds all ``words``, and a close."""
    assert len(outputs) == 2, outputs
    message = outputs[0].message
    assert isinstance(message, ErrorMessage)
    assert message.code == code
    for word in words:
        assert word in message.message
    assert outputs[1] == Close(close, code)


def test_start_is_answered_and_opens_the_pipeline_as_asked():
    driver = SessionDriver()

    assert driver.say(action="start", num_speakers=3, timeline=True) == [Send(StartedMessage(num_speakers=3))]
    assert [(info.session_id, info.num_speakers, info.timeline) for info in driver.opened] == [("test", 3, True)]


def test_two_speakers_without_timeline_are_the_default():
    driver = SessionDriver()

    assert driver.say(action="start") == [Send(StartedMessage(num_speakers=2))]
    assert (driver.opened[0].num_speakers, driver.opened[0].timeline) == (2, False)


@pytest.mark.parametrize("audio", [{"sample_rate": 16_000, "encoding": "pcm_s16le", "channels": 1}, {"encoding": "LINEAR16"}])
def test_a_start_that_announces_what_is_served_changes_nothing(audio):
    assert SessionDriver().say(action="start", **audio) == [Send(StartedMessage(num_speakers=2))]


@pytest.mark.parametrize("audio", [{"sample_rate": 8000}, {"encoding": "opus"}, {"channels": 2}, {"channels": 0}])
def test_a_start_that_announces_what_is_not_served_is_refused(audio):
    driver = SessionDriver()

    assert_error(
        driver.say(action="start", **audio), ErrorCode.UNSUPPORTED_AUDIO, CloseCode.UNSUPPORTED_DATA, "not served", "16 kHz"
    )
    assert driver.opened == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("sample_rate", "16000", "a whole number such as 16000"),
        ("sample_rate", True, "a whole number"),
        ("channels", [1], "a whole number such as 1"),
        ("encoding", 16, 'a text such as "pcm_s16le"'),
        ("hints", "yes", "true or false"),
    ],
)
def test_announcements_of_a_wrong_type_are_refused(field, value, words):
    outputs = SessionDriver().say(action="start", **{field: value})

    assert_error(outputs, ErrorCode.INVALID_MESSAGE, CloseCode.POLICY, field, words, json.dumps(value))


HINT = AudioHint("stereo", "two channels; send one")


def test_hints_are_sent_once_for_each_code_where_they_are_asked_for():
    driver = SessionDriver().started(hints=True)
    driver.stage.hints = [HINT, AudioHint("stereo", "the same again"), AudioHint("sample_rate", "too slow")]
    heard = driver.audio(SECOND) + driver.audio(SECOND)

    hints = [output.message for output in heard if isinstance(output.message, HintMessage)]
    assert driver.opened[0].hints
    assert hints == [HintMessage(code="stereo", message=HINT.message), HintMessage(code="sample_rate", message="too slow")]


def test_hints_that_are_not_asked_for_are_logged_alone(caplog):
    driver = SessionDriver().started()
    driver.stage.hints = [HINT]
    heard = driver.audio(SECOND) + driver.audio(SECOND)

    assert [type(output.message) for output in heard] == [SpeakerMessage, SpeakerMessage]
    assert caplog.messages == ["session test, hint stereo: two channels; send one"]


def test_start_ignores_keys_it_does_not_know():
    assert SessionDriver().say(action="start", colour="red") == [Send(StartedMessage(num_speakers=2))]


@pytest.mark.parametrize("number", [0, 6, -1, "two", "2", 2.5, 2.0, True, None, [2], {"n": 2}, 10**30])
def test_impossible_number_of_speakers_is_refused(number):
    driver = SessionDriver()

    assert_error(
        driver.say(action="start", num_speakers=number),
        ErrorCode.INVALID_NUM_SPEAKERS,
        CloseCode.POLICY,
        "whole number from 1 to 5",
    )
    assert not driver.opened
    assert driver.session.state is SessionState.CLOSED


@pytest.mark.parametrize("timeline", [1, "yes", None])
def test_timeline_must_be_true_or_false(timeline):
    outputs = SessionDriver().say(action="start", timeline=timeline)

    assert_error(outputs, ErrorCode.INVALID_MESSAGE, CloseCode.POLICY, "timeline must be true or false")


@pytest.mark.parametrize("text", ['"action": "start"', '{"action": "start"', "", "hello", "{'action': 'start'}", "[" * 4000])
def test_text_that_is_no_json_is_refused(text):
    assert_error(SessionDriver().text(text), ErrorCode.INVALID_JSON, CloseCode.INVALID_DATA, '{"action": "start"', "16 kHz")


@pytest.mark.parametrize("text", ["[]", "2", '"start"', "null", "{}", '{"num_speakers": 2}'])
def test_json_that_is_no_command_is_refused(text):
    assert_error(SessionDriver().text(text), ErrorCode.INVALID_MESSAGE, CloseCode.POLICY)


@pytest.mark.parametrize("action", ["dance", "START", 1, ["start"], {}])
def test_unknown_action_is_refused(action):
    assert_error(SessionDriver().say(action=action), ErrorCode.UNKNOWN_ACTION, CloseCode.POLICY, "unknown action")


def test_long_text_is_quoted_in_part_only():
    outputs = SessionDriver().text("x" * 4000)

    assert len(outputs[0].message.message) < 500


def test_text_too_long_for_a_command_is_refused_unread():
    outputs = SessionDriver().text(json.dumps({"action": "start", "comment": "x" * 5000}))

    assert_error(outputs, ErrorCode.INVALID_JSON, CloseCode.INVALID_DATA, "no control message", "binary frames")


def test_audio_before_start_is_refused():
    assert_error(SessionDriver().audio(SECOND), ErrorCode.NOT_STARTED, CloseCode.POLICY, '"start"')


def test_stop_before_start_is_refused():
    assert_error(SessionDriver().say(action="stop"), ErrorCode.NOT_STARTED, CloseCode.POLICY, "nothing to stop")


@pytest.mark.parametrize("command", [{"action": "gap", "ms": 20}, {"action": "keepalive"}])
def test_gap_and_keepalive_before_start_are_refused(command):
    assert_error(SessionDriver().say(**command), ErrorCode.NOT_STARTED, CloseCode.POLICY, '"start"')


def test_a_gap_is_fed_where_the_audio_so_far_ends_and_later_ones_count_gaps_too():
    driver = SessionDriver().started()

    driver.audio(SECOND)
    assert driver.say(action="gap", ms=20_000) == []
    driver.audio(SECOND)
    driver.say(action="gap", ms=1)
    assert driver.stage.gaps == [AudioGap(16_000, 336_000), AudioGap(352_000, 352_016)]


def test_gaps_are_no_audio_to_the_limit_of_a_session():
    driver = SessionDriver(SessionLimits(max_session_seconds=2)).started()

    driver.audio(SECOND)
    driver.say(action="gap", ms=86_400_000)
    assert isinstance(driver.audio(SECOND)[0], Send)
    assert driver.session.state is SessionState.STREAMING


@pytest.mark.parametrize("ms", [0, -5, 86_400_001, 1.5, 20.0, "20", True, None, [1]])
def test_a_gap_of_a_wrong_length_is_refused(ms):
    outputs = SessionDriver().started().say(action="gap", ms=ms)
    assert_error(outputs, ErrorCode.INVALID_MESSAGE, CloseCode.POLICY, "whole number of milliseconds from 1 to 86400000")


def test_a_gap_without_a_length_is_refused():
    outputs = SessionDriver().started().say(action="gap")
    assert_error(outputs, ErrorCode.INVALID_MESSAGE, CloseCode.POLICY, "not missing")


def test_keepalive_is_answered_by_nothing():
    driver = SessionDriver().started()

    assert driver.say(action="keepalive", comment="ignored") == []
    assert driver.session.state is SessionState.STREAMING


def test_second_start_is_refused():
    driver = SessionDriver().started()

    assert_error(driver.say(action="start"), ErrorCode.ALREADY_STARTED, CloseCode.POLICY, "already started")


def test_a_command_in_a_binary_frame_is_refused_with_a_hint_at_text_frames():
    driver = SessionDriver().started()

    assert_error(driver.audio(b'{"action": "stop"}'), ErrorCode.INVALID_MESSAGE, CloseCode.POLICY, "text frames")


@pytest.mark.parametrize("pcm", [b"{\0", b'{"', b'{"a":1}\n', b"{" + bytes(4999), b'{"a":' * 800, b'{"a":' + b"[" * 4000])
def test_audio_that_begins_like_json_is_audio(pcm):
    driver = SessionDriver().started()

    assert [type(output) for output in driver.audio(pcm)] == [Send]


def test_stop_flushes_and_closes_normally():
    driver = SessionDriver().started()
    driver.audio(SECOND)

    assert driver.say(action="stop") == [Send(REPORT), Close(CloseCode.NORMAL)]
    assert driver.session.state is SessionState.CLOSED


def test_stop_without_audio_gets_a_report():
    assert SessionDriver().started().say(action="stop") == [Send(REPORT), Close(CloseCode.NORMAL)]


def test_eight_bytes_are_a_session():
    driver = SessionDriver().started()

    assert [type(output) for output in driver.audio(bytes(8))] == [Send]
    assert driver.say(action="stop")[-1] == Close(CloseCode.NORMAL)


def test_empty_frame_does_nothing():
    driver = SessionDriver().started()

    assert driver.audio(b"") == []
    assert driver.stage.pieces == []


def test_long_frame_is_worked_on_a_second_at_a_time():
    driver = SessionDriver().started()

    steps = driver.steps(BytesReceived(SECOND * 2 + bytes(100)))

    assert driver.stage.pieces == [32_000, 32_000, 100]
    assert [len(step) for step in steps] == [1, 1, 1]


def test_step_does_no_more_than_is_asked_for():
    driver = SessionDriver().started()

    steps = driver.session.handle(BytesReceived(SECOND * 3))
    next(steps)

    assert driver.stage.pieces == [32_000]


def test_frame_over_the_limit_is_refused():
    driver = SessionDriver(SessionLimits(max_frame_bytes=64_000)).started()

    assert [type(output) for output in driver.audio(bytes(64_000))] == [Send, Send]
    assert_error(driver.audio(bytes(64_002)), ErrorCode.FRAME_TOO_LARGE, CloseCode.TOO_BIG, "64000 bytes", "2.0 s")


def test_session_over_the_limit_gets_its_report_and_ends():
    driver = SessionDriver(SessionLimits(max_session_seconds=1.5)).started()
    driver.audio(SECOND)

    report, *error = driver.audio(SECOND)
    assert report == Send(REPORT)
    assert_error(error, ErrorCode.SESSION_TOO_LONG, CloseCode.POLICY, "1.5 s")


@pytest.mark.parametrize("start", [True, False])
def test_silence_of_the_client_ends_the_session(start):
    driver = SessionDriver()
    if start:
        driver.started()

    *report, error, close = driver.put_in(IdleTimedOut(60.0))
    assert report == [Send(REPORT)] * start
    assert_error([error, close], ErrorCode.IDLE_TIMEOUT, CloseCode.POLICY, "60 s")


def test_shutdown_gives_a_running_session_its_report():
    outputs = SessionDriver().started().put_in(ShutdownRequested())

    assert outputs == [Send(REPORT), Close(CloseCode.GOING_AWAY, "server is shutting down")]


def test_shutdown_before_start_is_an_error_to_come_back_from():
    assert_error(SessionDriver().put_in(ShutdownRequested()), ErrorCode.SHUTTING_DOWN, CloseCode.TRY_AGAIN_LATER, "later")


def test_stage_that_blames_the_client_ends_the_session_with_its_words():
    driver = SessionDriver(fail_with=BadInput(ErrorCode.ODD_LENGTH, "an odd number")).started()

    assert_error(driver.audio(b"\0"), ErrorCode.ODD_LENGTH, CloseCode.INVALID_DATA, "an odd number")


@pytest.mark.parametrize("end", [{"action": "stop"}, None])
def test_failing_stage_is_named_and_its_reasons_are_kept(end, caplog):
    driver = SessionDriver(fail_with=RuntimeError("secret detail")).started()

    outputs = driver.say(**end) if end else driver.audio(SECOND)

    assert_error(outputs, ErrorCode.STAGE_FAILED, CloseCode.INTERNAL_ERROR, "'echo'")
    assert "secret detail" not in outputs[0].message.message
    assert "secret detail" in caplog.text


def test_pipeline_that_cannot_be_opened_ends_the_session(caplog):
    def no_pipeline(_info):
        raise MemoryError

    outputs = [output for step in Session("test", no_pipeline).handle(TextReceived('{"action": "start"}')) for output in step]

    assert_error(outputs, ErrorCode.STAGE_FAILED, CloseCode.INTERNAL_ERROR, "server failed")
    assert "MemoryError" in caplog.text


@pytest.mark.parametrize("late", [TextReceived('{"action": "stop"}'), BytesReceived(SECOND), IdleTimedOut(1), ShutdownRequested()])
def test_nothing_is_answered_after_the_end(late):
    driver = SessionDriver().started()
    driver.say(action="stop")

    assert driver.put_in(late) == []


@pytest.mark.parametrize("end", [lambda session: session.abandon(), lambda session: list(session.handle(IdleTimedOut(1)))])
def test_ended_session_holds_on_to_nothing(end):
    pipelines = []

    def open_pipeline(_info):
        pipeline = Pipeline([OpenStage("echo", EchoStage(), None)])
        pipelines.append(weakref.ref(pipeline))
        return pipeline

    session = Session("test", open_pipeline)
    list(session.handle(TextReceived('{"action": "start"}')))
    list(session.handle(BytesReceived(SECOND)))
    assert pipelines[0]() is not None

    end(session)

    assert pipelines[0]() is None


@pytest.mark.parametrize("end", ["stop", "vanish", "error"])
def test_stages_are_closed_once_however_a_session_ends(end):
    driver = SessionDriver(SessionLimits(max_frame_bytes=10)).started()
    closed = []
    driver.stage.close = lambda: closed.append(end)
    match end:
        case "stop":
            driver.put_in(TextReceived('{"action": "stop"}'))
        case "vanish":
            driver.session.abandon()
        case "error":
            driver.put_in(BytesReceived(bytes(12)))
    driver.session.abandon()

    assert closed == [end]


def test_a_text_frame_over_the_limit_is_too_large():
    driver = SessionDriver(SessionLimits(max_frame_bytes=8000))

    assert_error(driver.put_in(TextReceived("x" * 8001)), ErrorCode.FRAME_TOO_LARGE, CloseCode.TOO_BIG, "8000 bytes")
