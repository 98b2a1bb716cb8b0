"""The connection or the server goes in the middle of a conversation, and the page goes on with its session."""

import json
import signal

import numpy as np
import pytest
from playwright.sync_api import expect

from support.known_conversation import DATA
from support.page_hooks import HOOKS, break_connection, expect_to_go_on
from support.protocol_client import ProtocolClient
from support.saved_reports import agreement
from support.tracker_page import page_address

pytestmark = pytest.mark.e2e

BYTES_PER_MS = 32


@pytest.fixture
def start_keeping(start_again, tmp_path):
    """As ``start_again``, with a store that outlives each server."""

    def start(**settings):
        return start_again(resume_store=f"sqlite:{tmp_path / 'sessions.db'}", **settings)

    return start


def commands(page):
    """What the page has told servers, but for audio."""
    return [json.loads(frame) for frame in page.frames_sent if isinstance(frame, str)]


def actions(page):
    return [command["action"] for command in commands(page)]


class Sockets:
    """What went over each connection of the page: ``audio``, and the messages that it was ``told``."""

    def __init__(self, page):
        self.audio = []
        self.told = []
        page.page.on("websocket", self._on_socket)

    def _on_socket(self, socket):
        audio, told = bytearray(), []
        self.audio.append(audio)
        self.told.append(told)
        socket.on("framesent", lambda frame: None if isinstance(frame, str) else audio.extend(frame))
        socket.on("framereceived", lambda text: told.append(json.loads(text)))

    def first(self, event):
        """The first message of this kind on each connection that had one."""
        kinds = [[message for message in told if message["event"] == event] for told in self.told]
        return [messages[0] for messages in kinds if messages]

    def session_audio(self):
        """That of the session: of each connection, what is before the point from which on the next one was to send."""
        whole = b""
        for audio, told in zip(self.audio, self.told, strict=True):
            for at in [message["audioMs"] * BYTES_PER_MS for message in told if message["event"] == "resumed"]:
                missing = whole[at:]
                assert audio[: len(missing)] == missing, "the server hears again what it had not acknowledged, sample by sample"
                whole = whole[:at]
            whole += audio
        return whole


def labels(segments, whose, length_ms):
    """Who speaks in each millisecond, a row for each of two speakers; ``whose``: the speaker of a segment, 0 or 1."""
    spoken = np.zeros((2, length_ms), bool)
    for segment in segments:
        spoken[whose(segment), segment["startMs"] : segment["endMs"]] = True
    return spoken


def assert_is_one(report, sockets, url):
    """One session with all that was heard, as if the connection had never been lost: a server says the same of the same audio."""
    assert len(report["sessions"]) == 1
    assert report["complete"]
    audio = sockets.session_audio()
    length_ms = len(audio) // BYTES_PER_MS
    assert report["durationMs"] == pytest.approx(length_ms, abs=100)
    with ProtocolClient(url) as client:
        client.start(num_speakers=2, timeline=True)
        client.stream(audio)
        uninterrupted = client.report()["segments"]
    ours = labels(report["segments"], lambda segment: segment["number"] - 1, length_ms)
    theirs = labels(uninterrupted, lambda segment: segment["speakerId"], length_ms)
    assert theirs.any(axis=1).all(), "both are heard"
    assert (ours == theirs).all(axis=0).mean() > 0.95


def expect_going_on(page):
    """Waits until the page says that it goes on, in the place where it says that it is connected."""
    expect(page.page.locator("#connection-text")).to_have_text("Going on")
    expect(page.page.locator("#away")).to_be_hidden()


def test_when_the_server_is_killed_the_next_one_goes_on_with_a_file_as_if_nothing_had_happened(
    start_keeping, open_page, dialogue, tmp_path
):
    server = start_keeping()
    page = open_page(page_address(server.url))
    page.choose(file=DATA / "dialogue.flac")
    page.start()
    page.expect_labelled(2)
    page.rename(1, "Ben")
    page.expect_elapsed(16)
    server.process.send_signal(signal.SIGKILL)
    page.expect_state("reconnecting")
    elapsed = page.page.locator("#elapsed").inner_text()
    start_keeping()
    expect_going_on(page)
    assert page.page.locator("#elapsed").inner_text() >= elapsed, "what was heard aloud is not heard again"
    page.expect_report()

    assert actions(page) == ["start", "resume", "stop"]
    expect(page.page.locator("#parts-note")).to_be_hidden()
    assert page.page.locator("#notices").inner_text() == ""
    report = page.saved_json(tmp_path)
    assert len(report["sessions"]) == 1
    assert report["complete"]
    assert [speaker["number"] for speaker in report["speakers"]] == [1, 2]
    assert agreement(report, dialogue, 39, [{1}, {2}]) > 0.85
    assert report["durationMs"] == pytest.approx(39_190, abs=100)
    assert report["speakers"][0]["name"] == "Ben"
    heard_ms = sum(speaker["totalTimeMs"] for speaker in report["speakers"])
    assert heard_ms == pytest.approx(dialogue.speakers.sum() / 16, rel=0.12), "everything is heard once"


def test_through_a_rolling_restart_a_microphone_is_heard_in_one_session(start_keeping, open_page, dialogue_microphone, tmp_path):
    server = start_keeping()
    page = open_page(page_address(server.url), dialogue_microphone)
    sockets = Sockets(page)
    page.start()
    page.expect_labelled(2)
    page.expect_elapsed(12)
    server.process.terminate()
    page.expect_state("reconnecting")
    assert server.wait() == 0
    server = start_keeping()
    expect_going_on(page)
    page.expect_elapsed(36)
    page.press("Stop")
    page.expect_report()

    assert actions(page) == ["start", "resume", "stop"]
    assert page.page.locator("#notices").inner_text() == ""
    assert_is_one(page.saved_json(tmp_path), sockets, server.url)


def test_where_the_next_server_works_in_another_way_another_session_begins_which_knows_the_voices_of_before(
    start_keeping, open_page, dialogue, tmp_path
):
    server = start_keeping()
    page = open_page(page_address(server.url))
    page.choose(file=DATA / "dialogue.flac")
    page.start()
    page.expect_labelled(2)
    page.expect_elapsed(22)  # five seconds of each voice are needed
    server.process.terminate()
    page.expect_state("reconnecting")
    assert server.wait() == 0
    start_keeping(stage_options__silero_vad__threshold="0.45")
    page.expect_state("running")
    expect(page.page.locator("#parts-note")).to_contain_text("recognizes voices of before")
    page.expect_report()

    assert actions(page) == ["start", "resume", "start", "stop"]
    assert len(commands(page)[2]["known_voices"]) == 2
    report = page.saved_json(tmp_path)
    assert [session["report"] is None for session in report["sessions"]] == [True, False]
    assert report["durationMs"] == pytest.approx(39_190, abs=100)
    assert agreement(report, dialogue, 39, [{1}, {2}]) > 0.85


def test_a_connection_that_is_lost_now_and_then_leaves_one_session(server, open_page, dialogue_microphone, tmp_path):
    page = open_page(page_address(server.url), dialogue_microphone)
    page.page.evaluate(HOOKS)
    sockets = Sockets(page)
    page.start()
    for seconds in (4, 9, 17):
        page.expect_elapsed(seconds)
        break_connection(page)
        page.expect_state("reconnecting")
        expect_going_on(page)
    expect_to_go_on(page, 24)

    assert actions(page) == ["start", *["resume"] * 3, "stop"]
    assert_is_one(page.saved_json(tmp_path), sockets, server.url)


def test_where_another_client_takes_the_session_over_the_page_says_so_and_keeps_what_it_has(server, open_page, dialogue_microphone):
    page = open_page(page_address(server.url), dialogue_microphone)
    sockets = Sockets(page)
    page.start()
    page.expect_labelled(1)
    (started,) = sockets.first("started")
    with ProtocolClient(server.url) as client:
        client.say(action="resume", session=started["session"])
        client.heard("resumed")
        page.expect_report()
        page.expect_notice("session_taken_over", "Somebody else goes on", "is kept here")
    page.expect_labelled(1)
    assert actions(page) == ["start"]
