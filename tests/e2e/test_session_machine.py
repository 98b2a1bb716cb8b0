"""Any order of what clients do, each answer foretold by a model; what breaks it is told as the shortest such order."""

import json
import sys

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, precondition, rule, run_state_machine_as_test

from support.fuzz_talk import Talk, Tally
from support.level_chain import conversation, right_report

pytestmark = pytest.mark.e2e

RUNS, STEPS = 60, 25


class SessionMachine(RuleBasedStateMachine):
    """One client that opens connections and resumes the sessions of earlier ones.

    ``blocks``: audio that the present connection's session has; None before its start. ``over``: names of sessions that have ended.
    """

    url = ""
    names = Bundle("names")

    @initialize()
    def begin(self):
        self.talk, self.tally = None, Tally()
        self.connect()

    def connect(self):
        if self.talk is not None:
            self.talk.leave()
            self.talk.socket.drop()
        self.talk = Talk(self.url, self.tally, "the client")
        self.blocks = self.session = None

    def expect(self, event):
        while self.talk.last != event and not self.talk.closed:
            self.talk.hear(0.02)
        assert self.talk.last == event, (event, self.talk.last, self.talk.error)

    def expect_error(self, code):
        self.talk.expect_end()
        assert self.talk.error == code
        self.connect()

    def say(self, **command):
        self.talk.text(json.dumps(command))

    @rule(target=names, resumable=st.booleans())
    def start(self, resumable):
        self.say(action="start", num_speakers=3, timeline=True, resumable=resumable)
        if self.blocks is not None:
            self.forget()
            self.expect_error("already_started")
            return multiple()
        self.expect("started")
        self.blocks, self.session = 0, self.talk.session
        assert (self.session is not None) == resumable
        return multiple(self.session) if resumable else multiple()

    @rule(blocks=st.integers(1, 40), pieces=st.integers(1, 5))
    def send_audio(self, blocks, pieces):
        begin = self.blocks or 0
        pcm = conversation(begin, begin + blocks)
        length = len(pcm) // pieces // 2 * 2
        for offset in range(0, len(pcm), length):
            self.talk.audio(pcm[offset : offset + length])
        if self.blocks is None:
            self.expect_error("not_started")
        else:
            self.blocks += blocks

    @precondition(lambda self: self.blocks is not None)
    @rule(ms=st.sampled_from([0, -1, 1.5, "1", None, True, 86_400_001]))
    def send_a_wrong_gap(self, ms):
        self.say(action="gap", ms=ms)
        self.forget()
        self.expect_error("invalid_message")

    @rule()
    def keep_alive(self):
        self.say(action="keepalive")
        if self.blocks is None:
            self.expect_error("not_started")

    @rule()
    def stop(self):
        self.say(action="stop")
        if self.blocks is None:
            self.expect_error("not_started")
            return
        self.talk.expect_end()
        assert self.talk.report == right_report(self.blocks)
        self.forget()
        self.connect()

    @rule(text=st.text(max_size=40) | st.recursive(st.none() | st.text(), st.lists, max_leaves=5).map(json.dumps))
    def send_what_is_no_command(self, text):
        self.talk.text(text)
        self.forget()
        self.talk.expect_end()
        assert self.talk.error in {"invalid_json", "invalid_message"} or self.talk.error is None
        self.connect()

    @rule(length=st.integers(0, 2000).map(lambda half: 2 * half + 1))
    def send_half_a_sample(self, length):
        self.talk.audio(bytes(length))
        started = self.blocks is not None
        self.forget()
        self.expect_error("odd_length" if started else "not_started")

    @rule(how=st.sampled_from(["drop", "reset"]))
    def lose_the_connection(self, how):
        self.talk.leave()
        getattr(self.talk.socket, how)()
        self.connect()

    @rule(name=names)
    def resume(self, name):
        if self.blocks is not None:
            self.say(action="resume", session=name)
            self.forget()
            self.expect_error("already_started")
            return
        self.say(action="resume", session=name)
        if name in self.over:
            self.expect_error("session_unknown")
            return
        self.expect("resumed")
        self.blocks, self.session = self.talk.resumed_at // 100, name

    def forget(self):
        """The present session is over."""
        if self.session is not None:
            self.over.add(self.session)
        self.blocks = self.session = None

    def teardown(self):
        self.talk.leave()
        self.talk.socket.drop()
        assert self.tally.findings == []


@pytest.fixture
def no_lazy_modules(monkeypatch):
    """Hypothesis looks at all modules, and SpeechBrain has some that import what is missing when they are looked at."""
    for name, module in list(sys.modules.items()):
        if type(module).__module__ == "speechbrain.utils.importutils":
            monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("no_lazy_modules")
def test_in_any_order_every_answer_is_what_the_protocol_has_for_it(start_level_server):
    server = start_level_server(checkpoint_seconds=0.5, max_lag_ms=0, batch_wait_ms=0)
    machine = type("Machine", (SessionMachine,), {"url": server.url, "over": set()})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=RUNS, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
