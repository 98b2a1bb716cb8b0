"""Servers that do not take a session, and how the page says so."""

import pytest
from playwright.sync_api import expect

from speaker_tracker.protocol import ErrorCode
from speaker_tracker.settings import DEFAULT_STAGES
from support.known_conversation import DATA
from support.tracker_page import page_address

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("code", [code.value for code in ErrorCode])
def test_every_error_of_the_server_has_plain_words(page, code):
    title, advice = page.page.evaluate(
        """async (code) => {
          const {Problem} = await import("./web/wording.js");
          return new Problem(code, "what the server said").words;
        }""",
        code,
    )
    assert title != "The server has ended the session"
    assert title[0].isupper()
    assert not title.endswith(".")
    assert len(advice) > 20
    assert "_" not in title + advice.replace("ALLOWED_ORIGINS", "")


def test_an_error_of_a_newer_server_is_told_in_its_own_words(page):
    words = page.page.evaluate("async () => new (await import('./web/wording.js')).Problem('of_tomorrow', 'It is late.').words")
    assert words == ["The server has ended the session", "It is late."]


def test_a_server_with_tokens_asks_for_one_and_takes_the_right_one(open_page, start_server):
    page = open_page(page_address(start_server(tokens=["sesame"]).url))
    page.expect_notice("token_missing", "asks for a token")
    field = page.page.get_by_label("Token of this server")
    expect(field).to_be_focused()

    field.fill("open")
    page.press("Start")
    page.expect_notice("token_wrong", "does not take this token", "the token is not valid")
    expect(field).to_be_focused()

    field.fill("sesame")
    page.start()
    expect(page.page.locator("#notices")).to_be_empty()
    page.press("Stop")
    page.expect_report()
    assert page.complaints == []

    page.page.reload()
    expect(page.page.locator("#setup")).to_be_visible()
    page.start()
    assert "sesame" not in page.page.url
    assert not [address for address in page.requests if "sesame" in address or "?" in address]
    assert page.page.evaluate("localStorage.length") == 0


def test_a_server_whose_places_are_taken_says_so(open_page, start_server, connect):
    server = start_server(max_sessions="1")
    page = open_page(page_address(server.url))
    with connect(server.url) as first:
        first.start()
        page.press("Start")
        page.expect_notice("server_busy", "The server is full", "Try again")
    while server.health()[1]["sessions"]:
        page.page.wait_for_timeout(50)
    page.start()


def test_a_server_that_does_not_know_the_page_s_origin_says_what_to_set(open_page, start_server):
    address = page_address(start_server(allowed_origins=["https://here.example"]).url)
    page = open_page(address)
    page.expect_notice("origin", "ALLOWED_ORIGINS", address.removesuffix("/"))


def test_a_server_that_is_gone_is_called_so(open_page, start_server):
    server = start_server()
    page = open_page(page_address(server.url))
    server.end()
    page.press("Start")
    page.expect_notice("unreachable", "does not answer")
    expect(page.page.get_by_role("button", name="Start")).to_be_enabled()


FAILING_STAGE = """
from speaker_tracker import hookimpl
from speaker_tracker.events import AudioBlock
from speaker_tracker.stage import LoadedStage, StageSpec, StatelessStage


class Failing(StatelessStage):
    def feed(self, event):
        if isinstance(event, AudioBlock) and event.start > 16_000 * 12:
            raise RuntimeError("as it is meant to")
        yield event


@hookimpl
def speaker_tracker_stages():
    blocks = frozenset({AudioBlock})
    load = lambda options: LoadedStage(open=lambda session: Failing())
    return [StageSpec(name="failing", summary="fails", consumes=blocks, produces=frozenset(), load=load)]
"""


@pytest.fixture
def failing_server(start_server, tmp_path, monkeypatch):
    """A server with a stage that fails after twelve seconds of audio."""
    (tmp_path / "failing_stage.py").write_text(FAILING_STAGE, encoding="utf-8")
    info = tmp_path / "failing_stage-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: failing-stage\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[speaker_tracker.stages]\nfailing_stage = failing_stage\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return start_server(stages=[DEFAULT_STAGES[0], "failing", *DEFAULT_STAGES[1:]])


def test_a_failing_stage_is_the_server_s_fault_and_what_was_heard_is_kept(open_page, failing_server, tmp_path):
    page = open_page(page_address(failing_server.url))
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()

    page.expect_notice("stage_failed", "The server failed", "not your fault")
    report = page.saved_json(tmp_path)
    assert not report["complete"]
    assert len(report["speakers"]) == 2
