"""What a session makes of known voices in ``start``."""

import json

import pytest

from speaker_tracker.engine.known_voices import KnownVoiceLimits
from speaker_tracker.engine.pipeline import Pipeline
from speaker_tracker.engine.session import Session, SessionLimits
from speaker_tracker.engine.session_io import Close, Send, TextReceived
from speaker_tracker.events import VoiceModel
from speaker_tracker.protocol import CloseCode, ErrorCode, StartedMessage, Voiceprint

MODEL = VoiceModel("small", 4, same_voice_cosine=0.4, calibrated_seconds=1.5, version=3)


def voiceprint(model="small", version=3, values=(0.5, 0.1, 0.2, 0.3), **changed):
    return {**Voiceprint.of(model, version, list(values), 12.0).model_dump(), **changed}


def voice(name="Anna", **print_):
    return {"name": name, "voiceprint": voiceprint(**print_)}


class Client:
    """A client of one session, and what it was opened with."""

    def __init__(self, model=MODEL, **limits):
        self.opened = []
        self._session = Session("test", self._open, SessionLimits(known_voices=KnownVoiceLimits(**limits)), model)

    def _open(self, info):
        self.opened.append(info)
        return Pipeline([])

    def start(self, **more):
        return self.say(action="start", **more)

    def say(self, **command):
        return [each for step in self._session.handle(TextReceived(json.dumps(command))) for each in step]

    def refused(self, **more):
        """Code and message of the error that answers ``start``; the session was not opened and is closed."""
        answer, close = self.start(**more)
        assert close == Close(CloseCode.POLICY, answer.message.code)
        assert self.opened == []
        return answer.message.code, answer.message.message


def test_voices_of_the_server_s_model_reach_the_session():
    client = Client()

    assert client.start(voiceprints=True, known_voices=[voice("Anna"), voice("Ben"), voice("Anna")]) == [
        Send(StartedMessage(num_speakers=2))
    ]
    (info,) = client.opened
    assert [known.name for known in info.known_voices] == ["Anna", "Ben", "Anna"]
    assert info.known_voices[0].voiceprint.values == pytest.approx((0.5, 0.1, 0.2, 0.3), abs=1e-3)
    assert info.voiceprints


@pytest.mark.parametrize("nothing", [{}, {"known_voices": []}, {"known_voices": None}, {"voiceprints": False}])
@pytest.mark.parametrize("model", [MODEL, None])
def test_who_asks_for_nothing_is_served_as_ever(model, nothing):
    client = Client(model)

    assert client.start(**nothing) == [Send(StartedMessage(num_speakers=2))]
    assert client.opened[0].known_voices == ()


@pytest.mark.parametrize("asked", [{"known_voices": [voice()]}, {"voiceprints": True}])
def test_a_server_that_does_neither_says_so(asked):
    code, message = Client(None).refused(**asked)

    assert code == ErrorCode.KNOWN_VOICES_OFF
    assert "without known_voices and voiceprints" in message


@pytest.mark.parametrize("other", [{"model": "large"}, {"version": 2}])
def test_prints_of_another_model_are_refused_and_both_are_named(other):
    code, message = Client().refused(known_voices=[voice(), voice(**other)])

    assert code == ErrorCode.VOICEPRINT_MODEL
    for part in ("known_voices[1]", repr(other.get("model", "small")), f"version {other.get('version', 3)}", "'small', version 3"):
        assert part in message


@pytest.mark.parametrize(
    ("voices", "words"),
    [
        ([voice(values=(0.1, 0.2))], ("known_voices[0].voiceprint.vector", "2 values", "small have 4")),
        ([voice(vector="/34AfgAAADw=")], ("vector", "no numbers")),
        ([voice(vector="???")], ("known_voices[0].voiceprint.vector", "base64")),
        ([voice(), {"name": "Ben"}], ("known_voices[1].voiceprint is missing",)),
        ([voice("")], ("known_voices[0].name", "at least 1 character")),
        ([voice("   ")], ("known_voices[0].name", "empty")),
        ([voice("x" * 21)], ("known_voices[0].name has 21 characters", "at most 20")),
        ([voice()] * 4, ("4 prints", "at most 3")),
        ("Anna", ("a list of objects such as",)),
        ([7], ("known_voices[0] cannot be", "a list of objects such as")),
    ],
)
def test_voices_that_cannot_be_used_are_refused_with_what_is_wrong(voices, words):
    code, message = Client(max_voices=3, max_name_length=20).refused(known_voices=voices)

    assert code == ErrorCode.INVALID_KNOWN_VOICES
    for word in words:
        assert word in message


def test_a_start_may_be_as_long_as_its_prints_need():
    many = [voice(name=f"Person {number} {'x' * 60}") for number in range(50)]
    assert len(json.dumps(many)) > 8_192

    assert Client().start(known_voices=many) == [Send(StartedMessage(num_speakers=2))]


def test_other_messages_stay_short():
    client = Client()
    client.start()

    answer, close = client.say(action="stop", known_voices=[voice()] * 50)
    assert answer.message.code == ErrorCode.INVALID_JSON
    assert close.code == CloseCode.INVALID_DATA


def test_a_start_is_not_endless():
    assert Client(max_voices=1).start(known_voices=[voice(name="x" * 9000)])[0].message.code == ErrorCode.INVALID_JSON
