"""The page tracks a sound file."""

import base64
import json

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from support.known_conversation import DATA
from support.tracker_page import page_address

pytestmark = pytest.mark.e2e

DROP = """({name, content}) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const type of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer}));
  }
}"""


NAMES = """() => {
  window.names = [];
  const name = document.getElementById("now-name");
  const changes = {childList: true, characterData: true, subtree: true};
  new MutationObserver(() => window.names.push(name.textContent)).observe(name, changes);
}"""
"""``names``: of all that are shown as speaking from now on, however shortly."""


def drop(page, file):
    page.page.evaluate(DROP, {"name": file.name, "content": base64.b64encode(file.read_bytes()).decode()})


@pytest.fixture
def fast_report(page, tmp_path):
    """What the page reports on the dialogue, dropped on it and tracked at full speed."""
    drop(page, DATA / "dialogue.flac")
    page.page.get_by_label("As fast as it goes").check()
    page.press("Start")
    page.expect_report()
    return page.saved_json(tmp_path)


def test_a_file_dropped_on_the_page_is_tracked_as_any_client_would_have_it(fast_report, connect):
    samples, _ = soundfile.read(DATA / "dialogue.flac", dtype="int16")
    with connect() as client:
        client.start(num_speakers=2, timeline=True, others=True)
        client.stream(samples.astype("<i2").tobytes())
        report = client.report()

    assert fast_report["source"] == "dialogue.flac"
    assert fast_report["sessions"][0]["report"] == report


def test_downloads_are_named_after_the_file(page, tmp_path):
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()

    assert page.save("RTTM", tmp_path).read_text(encoding="utf-8").startswith("SPEAKER dialogue 1 ")
    assert page.save("Picture", tmp_path).name == "dialogue.png"
    assert page.complaints == []


def test_a_stereo_file_of_another_rate_is_tracked_too(page, tmp_path, dialogue):
    file = tmp_path / "stereo.wav"
    soundfile.write(file, np.repeat(np.repeat(dialogue.samples[: 16_000 * 15], 2)[:, None], 2, axis=1), 32_000)
    page.choose(file=file, fast=True)
    page.press("Start")
    page.expect_report()

    totals = [speaker["totalTimeMs"] for speaker in page.saved_json(tmp_path)["speakers"]]
    assert totals == [pytest.approx(wanted, rel=0.25) for wanted in dialogue.part(0, 15).speakers.sum(axis=1) / 16]


def test_at_the_pace_of_speech_it_takes_as_long_as_it_is_and_can_be_paused(page, tmp_path, dialogue):
    file = tmp_path / "start.wav"
    soundfile.write(file, dialogue.samples[: 16_000 * 8], 16_000)
    page.choose(file=file)
    page.start()
    page.expect_elapsed(2)
    page.press("Pause")
    page.expect_state("paused")
    before = page.page.locator("#elapsed").inner_text()
    page.page.wait_for_timeout(3000)
    assert page.page.locator("#elapsed").inner_text() == before
    page.page.evaluate(NAMES)
    page.press("Go on")
    page.expect_elapsed(6)
    page.page.wait_for_function("() => window.names.includes('Speaker 2')")
    page.expect_report()

    report = page.saved_json(tmp_path)
    assert report["durationMs"] == pytest.approx(8000, abs=100)
    assert report["complete"]


def test_a_file_that_is_stopped_is_reported_up_to_there(page, tmp_path):
    page.choose(file=DATA / "conversation.flac", speakers=3)
    page.start()
    page.expect_elapsed(4)
    page.press("Stop")
    page.expect_report()

    report = page.saved_json(tmp_path)
    assert report["numSpeakers"] == 3
    assert 3500 < report["durationMs"] < 30_000
    assert report["complete"]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [(b"", "file_empty", "is empty"), (b"this is no sound" * 100, "file_unreadable", "is no sound that this browser can read")],
)
def test_a_file_that_is_no_sound_is_refused_in_words(page, tmp_path, content, code, words):
    file = tmp_path / "notes.wav"
    file.write_bytes(content)
    page.choose(file=file)
    page.press("Start")

    page.expect_notice(code, "notes.wav", words)
    assert page.frames_sent == []
    expect(page.page.get_by_role("button", name="Start")).to_be_enabled()


def test_without_a_file_the_page_asks_for_one(page):
    page.page.get_by_label("Sound file", exact=True).check()
    page.press("Start")
    expect(page.page.locator("#file-name")).to_have_text("Choose a sound file first.")
    expect(page.page.locator("#file")).to_be_focused()


def test_several_files_at_once_are_too_many(page):
    page.page.locator("#file").evaluate("field => { field.multiple = true; }")
    page.page.locator("#file").set_input_files([DATA / "dialogue.flac", DATA / "conversation.flac"])
    page.expect_notice("not_one_file")


def test_small_frames_are_sent_to_a_server_that_takes_no_others(open_page, start_server, tmp_path):
    page = open_page(page_address(start_server(max_frame_bytes="500").url))
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()

    assert max(frame for frame in page.frames_sent if isinstance(frame, int)) == 500
    assert len(json.loads(page.save("JSON", tmp_path).read_text(encoding="utf-8"))["speakers"]) == 2


def test_a_file_longer_than_the_server_allows_is_reported_up_to_there(open_page, start_server, tmp_path):
    page = open_page(page_address(start_server(max_session_seconds="10").url))
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()

    page.expect_notice("session_too_long", "longest time that this server allows")
    assert page.saved_json(tmp_path)["durationMs"] == pytest.approx(10_000, abs=200)
