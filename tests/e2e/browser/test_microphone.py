"""The page hears a conversation by its microphone."""

import csv
import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from speaker_tracker.results.rttm import read_rttm
from support.known_conversation import DATA
from support.tracker_page import BEEPING_MICROPHONE, DENIED_MICROPHONE, NO_MICROPHONE, page_address

pytestmark = pytest.mark.e2e

MAX_START_S = 1.5
"""The recording may have begun to play so long before the page listened, on a busy machine."""


@pytest.fixture(scope="module")
def heard(open_lasting_page, server, dialogue_microphone):
    """The page after it has heard the whole dialogue, its first speaker named while they spoke."""
    page = open_lasting_page(page_address(server.url), dialogue_microphone)
    page.choose(speakers=2)
    page.start()
    page.expect_labelled(2)
    page.rename(1, "Ben Émile")
    page.expect_elapsed(40)
    page.press("Stop")
    page.expect_report()
    return page


def test_report_has_the_times_of_the_reference(heard, tmp_path, dialogue):
    report = heard.saved_json(tmp_path)
    reference = dialogue.speakers.sum(axis=1) / 16

    assert report["complete"]
    assert [speaker["number"] for speaker in report["speakers"]] == [1, 2]
    for speaker, wanted in zip(report["speakers"], reference, strict=True):
        assert speaker["totalTimeMs"] == pytest.approx(wanted, rel=0.15)
    assert sum(speaker["share"] for speaker in report["speakers"]) == pytest.approx(1, abs=0.001)


def test_segments_lie_where_they_were_spoken(heard, tmp_path, dialogue):
    tracked = np.zeros((2, 42_000), bool)
    for segment in heard.saved_json(tmp_path)["segments"]:
        tracked[segment["number"] - 1, segment["startMs"] : segment["endMs"]] = True
    reference = np.zeros_like(tracked)
    reference[:, : dialogue.speakers.shape[1] // 16] = dialogue.speakers[:, ::16][:, : dialogue.speakers.shape[1] // 16]

    shifts = range(0, int(MAX_START_S * 1000), 20)
    agreements = [(tracked[:, : 42_000 - shift] == reference[:, shift:]).all(axis=0).mean() for shift in shifts]
    assert max(agreements) > 0.88


def test_the_server_s_report_comes_with_it_as_it_was(heard, tmp_path):
    saved = heard.saved_json(tmp_path)

    (session,) = saved["sessions"]
    assert session["offsetMs"] == 0
    assert session["report"]["event"] == "report"
    assert [one["totalTimeMs"] for one in session["report"]["speakers"]] == [one["totalTimeMs"] for one in saved["speakers"]]
    assert [[one["startMs"], one["endMs"], one["speakerId"] + 1] for one in session["report"]["segments"]] == [
        [one["startMs"], one["endMs"], one["number"]] for one in saved["segments"]
    ]


def test_all_downloads_say_the_same_with_the_name_that_was_given(heard, tmp_path):
    segments = json.loads(heard.save("JSON", tmp_path).read_text(encoding="utf-8"))["segments"]
    with heard.save("CSV", tmp_path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    turns = read_rttm(heard.save("RTTM", tmp_path))

    assert {segment["name"] for segment in segments} == {"Ben Émile", "Speaker 2"}
    spoken = [(segment["startMs"], segment["endMs"], segment["name"]) for segment in segments]
    assert [(round(1000 * float(row["start"])), round(1000 * float(row["end"])), row["name"]) for row in rows] == spoken
    assert [(round(1000 * turn.start), round(1000 * turn.end), turn.speaker.replace("_", " ")) for turn in turns] == spoken


def test_the_picture_shows_both_speakers(heard, tmp_path):
    picture = heard.save("Picture", tmp_path)

    with Image.open(picture) as image:
        assert image.format == "PNG"
        assert image.width > 1500
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    assert (pixels == (255, 255, 255)).all(axis=1).mean() > 0.5
    for blue_and_orange in ((0x00, 0x72, 0xB2), (0xE6, 0x9F, 0x00)):
        assert (pixels == blue_and_orange).all(axis=1).sum() > 1000


def test_the_report_in_words_names_who_spoke_most(heard):
    summary = heard.page.locator("#report-summary")
    expect(summary).to_contain_text("2 people spoke, Ben Émile most: ")
    heard.page.get_by_text("The timeline as a table").click()
    rows = heard.page.locator("#segments tr")
    assert rows.count() >= 8
    expect(rows.first).to_contain_text("Ben Émile")


def test_nothing_was_asked_of_anybody_else_and_nothing_went_wrong(heard, server):
    assert heard.origins_asked == {page_address(server.url).split("/")[2]}
    assert heard.complaints == []


def test_a_name_given_in_the_end_is_in_table_picture_and_downloads(heard, tmp_path):
    heard.rename(2, "  Ada   Lovelace ")

    assert heard.save("RTTM", tmp_path).read_text(encoding="utf-8").count(" Ada_Lovelace ") >= 3
    assert "Ada Lovelace" in heard.page.locator("#segments").text_content()
    heard.rename(2, "")
    assert heard.page.get_by_label("Name of speaker 2").get_attribute("placeholder") == "Speaker 2"
    assert "Speaker 2" in heard.page.locator("#segments").text_content()


def test_frames_are_of_100_ms(heard):
    audio = [frame for frame in heard.frames_sent if isinstance(frame, int)]
    assert set(audio[:-1]) == {3200}
    wanted = dict.fromkeys(("timeline", "others", "hints", "resumable", "voiceprints"), True)
    assert json.loads(heard.frames_sent[0]) == {"action": "start", "num_speakers": 2, **wanted}
    assert heard.frames_sent[-1] == '{"action":"stop"}'


def test_the_level_of_a_microphone_that_is_checked_is_shown_and_nothing_is_sent(open_page, server, dialogue_microphone):
    page = open_page(page_address(server.url), dialogue_microphone)
    page.press("Check it")
    expect(page.page.locator("#setup-level")).to_have_text("That sounds good.")
    assert page.page.locator("#device option").count() > 1
    page.page.locator("#device").select_option(index=1)
    expect(page.page.locator("#setup-level")).to_be_visible()
    assert page.frames_sent == []


def test_a_microphone_that_is_too_loud_is_called_so(page):
    page.press("Check it")
    expect(page.page.locator("#setup-level")).to_contain_text("Too loud")


def test_a_microphone_that_was_checked_is_the_one_that_is_heard(page):
    page.press("Check it")
    expect(page.page.locator("#setup-meter")).to_be_visible()
    page.page.locator("#device").select_option(index=1)
    expect_the_microphone_to_be_heard(page)
    page.press("New conversation")
    expect(page.page.get_by_role("button", name="Start")).to_be_enabled()


SLOW_MICROPHONE = """delayMs => {
  const {mediaDevices} = navigator;
  const later = () => new Promise(resolve => setTimeout(resolve, delayMs));
  const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
  const addModule = AudioWorklet.prototype.addModule;
  window.streams = [];
  mediaDevices.getUserMedia = async wanted => {
    await later();
    const stream = await getUserMedia(wanted);
    window.streams.push(stream);
    return stream;
  };
  AudioWorklet.prototype.addModule = async function (url) {
    await later();
    return addModule.call(this, url);
  };
}"""


@pytest.mark.parametrize("wait_ms", [0, 450, 900])
def test_starting_while_the_microphone_is_still_being_opened_for_a_check_hears_it(page, wait_ms):
    """After no time it is not asked for yet; after 450 ms it was given and is not connected, after 900 ms it is."""
    page.page.evaluate(SLOW_MICROPHONE, 300)
    page.press("Check it")
    page.page.wait_for_timeout(wait_ms)
    expect_the_microphone_to_be_heard(page)
    assert page.page.evaluate("window.streams.length") == 1


def test_a_choice_of_another_microphone_while_one_is_being_opened_is_the_one_that_is_heard(page):
    page.press("Check it")
    expect(page.page.locator("#setup-meter")).to_be_visible()
    page.page.evaluate(SLOW_MICROPHONE, 300)
    for index in (1, 2, 1):
        page.page.locator("#device").select_option(index=index)
    chosen = page.page.locator("#device").input_value()
    page.start()
    page.expect_elapsed(2)

    tracks = page.page.evaluate(
        "window.streams.flatMap(stream => stream.getTracks()).map(track => [track.readyState, track.getSettings().deviceId])"
    )
    assert [device for state, device in tracks if state == "live"] == [chosen]
    page.press("Stop")
    page.expect_report()


def test_a_sound_file_that_is_started_while_a_microphone_is_being_opened_leaves_it_off(page):
    page.page.evaluate(SLOW_MICROPHONE, 300)
    page.press("Check it")
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()

    assert page.page.evaluate("window.streams.flatMap(stream => stream.getTracks()).map(track => track.readyState)") == ["ended"]


def expect_the_microphone_to_be_heard(page):
    """Starts, listens for two seconds to the microphone that beeps, and stops."""
    page.start()
    page.expect_elapsed(2)
    page.press("Stop")
    page.expect_report()
    expect(page.page.locator("#report-summary")).to_contain_text("Nobody was heard.")


def test_a_second_conversation_knows_nothing_of_the_first(page):
    for _ in range(2):
        page.start()
        page.expect_elapsed(1)
        page.press("Stop")
        page.expect_report()
        assert page.page.locator(".speaker").count() == 0
        page.press("New conversation")
    assert page.complaints == []


def test_a_pause_longer_than_the_time_out_is_waited_for_and_counts(open_page, start_server):
    server = start_server(idle_timeout_seconds="3")
    page = open_page(page_address(server.url))
    page.start()
    page.expect_elapsed(1)
    page.press("Pause")
    page.expect_state("paused")
    expect(page.page.locator("#now-name")).to_have_text("Paused")
    before = page.page.locator("#elapsed").inner_text()
    page.page.wait_for_timeout(7000)

    assert page.page.locator("#elapsed").inner_text() == before
    page.press("Go on")
    page.expect_state("running")
    page.expect_elapsed(8)
    page.press("Stop")
    page.expect_report()
    expect(page.page.locator("#report-summary")).to_contain_text("Nobody was heard.")
    assert page.complaints == []


def test_without_a_microphone_it_is_said(open_page, server):
    page = open_page(page_address(server.url), NO_MICROPHONE)
    page.press("Start")
    page.expect_notice("no_microphone", "No microphone was found", "Sound files work without one")
    expect(page.page.get_by_role("button", name="Start")).to_be_enabled()


def test_without_permission_it_is_said(open_page, server):
    page = open_page(page_address(server.url), DENIED_MICROPHONE)
    page.press("Check it")
    page.expect_notice("microphone_denied", "Allow it by the symbol beside the address")
    page.press("Dismiss")
    expect(page.page.locator("#notices")).to_be_empty()
    page.press("Start")
    page.expect_notice("microphone_denied")


def test_at_an_insecure_address_it_is_said_and_files_work(open_page, server):
    port = server.url.split(":")[2].split("/")[0]
    flags = (*BEEPING_MICROPHONE, "--host-resolver-rules=MAP tracker.example 127.0.0.1")
    page = open_page(f"http://tracker.example:{port}/", flags)
    page.press("Start")
    page.expect_notice("insecure_origin", f"http://tracker.example:{port}", "https")

    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()
    page.expect_labelled(2)
