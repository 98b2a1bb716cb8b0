"""The server goes in the middle of a conversation and comes back without knowing it: another session begins."""

import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from support.known_conversation import DATA
from support.saved_reports import agreement
from support.tracker_page import page_address

pytestmark = pytest.mark.e2e


def test_when_the_server_is_killed_the_page_goes_on_with_another_which_knows_the_voices_of_before(
    start_again, open_page, dialogue_microphone, dialogue, tmp_path
):
    server = start_again()
    page = open_page(page_address(server.url), dialogue_microphone)
    page.start()
    page.expect_labelled(2)
    page.rename(1, "Ben")
    page.expect_elapsed(22)  # five seconds of each voice are needed
    server.end()
    page.expect_state("reconnecting")
    start_again()
    page.expect_state("running")
    page.expect_elapsed(36)
    page.press("Stop")
    page.expect_report()

    expect(page.page.locator("#parts-note")).to_contain_text("recognizes voices of before")
    report = page.saved_json(tmp_path)
    assert len(report["sessions"]) == 2
    assert [(speaker["number"], speaker["name"]) for speaker in report["speakers"]] == [(1, "Ben"), (2, "Speaker 2")]
    assert agreement(report, dialogue, 35, [{1}, {2}]) > 0.85
    told = json.dumps(report["sessions"])
    assert "name" not in told, "nobody is told by what names the page and the server speak of them"
    assert "vector" not in told
    (again,) = [frame for frame in page.frames_sent if isinstance(frame, str) and "known_voices" in frame]
    assert len({voice["name"] for voice in json.loads(again)["known_voices"]}) == 2

    ben = page.page.locator(".speaker[data-number='1']")
    expect(ben).to_contain_text("Recognized after the break")
    ben.get_by_role("button", name="Not the same person").click()
    expect(page.page.locator(".speaker")).to_have_count(3)
    page.page.get_by_label("Speaker 3 is").select_option("Ben")
    expect(page.page.locator(".speaker")).to_have_count(2)


def test_a_server_that_recognizes_no_voices_goes_on_as_well_and_the_user_says_who_is_who(
    start_again, open_page, dialogue_microphone, dialogue, tmp_path
):
    server = start_again(known_voices="false")
    page = open_page(page_address(server.url), dialogue_microphone)
    page.start()
    page.expect_labelled(2)
    page.rename(1, "Ben")
    page.expect_elapsed(11)
    server.end()
    page.expect_state("reconnecting")
    expect(page.page.locator("#away-text")).to_contain_text("The connection broke.")
    expect(page.page.locator("#now-name")).to_have_text("Waiting …")
    expect(page.page.locator(".speaker[data-number='1']")).to_be_visible()  # what is known stays

    start_again(known_voices="false")
    page.expect_state("running")
    expect(page.page.locator("#parts-note")).to_contain_text("The connection broke at 0:")
    expect(page.page.locator("#parts-note")).to_contain_text("cannot say who is the same person")
    page.expect_elapsed(36)
    page.press("Stop")
    page.expect_report()

    expect(page.page.locator("#report-summary")).to_contain_text("At most ")
    report = page.saved_json(tmp_path)
    assert not report["complete"]
    assert [session["report"] is None for session in report["sessions"]] == [True, False]
    assert report["sessions"][1]["offsetMs"] > 5000
    newcomers = {speaker["number"] for speaker in report["speakers"]} - {1, 2}
    assert newcomers, "voices of another session are nobody's until somebody says so"

    # The page cannot know, and the user can: who spoke most at a newcomer's time, by the reference?
    ours = [{1}, {2}]
    for number in newcomers:
        times = [(one["startMs"], one["endMs"]) for one in report["segments"] if one["number"] == number]
        spoken = [sum(dialogue.speakers[who, 16 * start : 16 * end].sum() for start, end in times) for who in (0, 1)]
        ours[int(np.argmax(spoken))].add(number)
    assert agreement(report, dialogue, 35, ours) > 0.85

    known = min(number for number in newcomers if number in ours[0])
    before = page.page.locator(".speaker").count()
    page.page.get_by_label(f"Speaker {known} is").select_option("Ben")
    expect(page.page.locator(".speaker")).to_have_count(before - 1)
    merged = page.saved_json(tmp_path)
    assert [one["totalTimeMs"] for one in merged["speakers"] if one["name"] == "Ben"] == [
        sum(one["totalTimeMs"] for one in report["speakers"] if one["number"] in (1, known))
    ]
    page.press("Not the same person")
    expect(page.page.locator(".speaker")).to_have_count(before)


def test_a_server_that_is_told_to_stop_leaves_its_report_and_another_goes_on(start_again, open_page, dialogue_microphone, tmp_path):
    server = start_again()
    page = open_page(page_address(server.url), dialogue_microphone)
    page.start()
    page.expect_labelled(1)
    page.expect_elapsed(4)
    server.process.terminate()
    page.expect_state("reconnecting")
    assert server.wait() == 0

    start_again()
    page.expect_state("running")
    page.expect_elapsed(22)
    page.press("Stop")
    page.expect_report()

    report = page.saved_json(tmp_path)
    assert report["complete"]
    assert len(report["sessions"]) == 2
    assert page.page.locator("#notices").inner_text() == ""


def test_a_conversation_that_is_stopped_without_its_server_keeps_what_was_heard(
    start_again, open_page, dialogue_microphone, tmp_path
):
    server = start_again()
    page = open_page(page_address(server.url), dialogue_microphone)
    page.start()
    page.expect_labelled(2)
    page.expect_elapsed(8)  # a speaker is shown who has no time yet
    server.end()
    page.expect_state("reconnecting")
    expect(page.page.locator("#away-text")).to_contain_text(re.compile(r"Next attempt in 1\d s"))
    with page.page.expect_request("**/web/admission", timeout=9000):  # by itself it would be later
        page.press("Try now")
    page.press("Stop")
    page.expect_report()

    page.expect_notice("lost", "the report never came")
    report = page.saved_json(tmp_path)
    assert not report["complete"]
    assert len(report["speakers"]) == 2
    assert page.save("Picture", tmp_path).stat().st_size > 5000


def test_a_file_goes_on_where_the_server_had_come_to(start_again, open_page, dialogue, tmp_path):
    server = start_again()
    page = open_page(page_address(server.url))
    page.choose(file=DATA / "dialogue.flac")
    page.start()
    page.expect_elapsed(12)
    server.end()
    page.expect_state("reconnecting")
    elapsed = page.page.locator("#elapsed").inner_text()
    page.page.wait_for_timeout(2000)
    assert page.page.locator("#elapsed").inner_text() == elapsed  # nothing is played to nobody

    start_again()
    page.expect_state("running")
    page.page.wait_for_timeout(1000)
    page.expect_report()

    report = page.saved_json(tmp_path)
    assert report["durationMs"] == pytest.approx(39_190, abs=100)
    covered = sum(one["endMs"] - one["startMs"] for one in report["segments"])
    assert covered == pytest.approx(dialogue.speech.sum() / 16, rel=0.12)


def test_a_pause_outlasts_the_server(start_again, open_page):
    server = start_again()
    page = open_page(page_address(server.url))
    page.start()
    page.expect_elapsed(1)
    page.press("Pause")
    page.expect_state("paused")
    server.end()
    page.expect_state("reconnecting")
    start_again()
    page.expect_state("paused")
    page.press("Go on")
    page.expect_state("running")
    page.press("Stop")
    page.expect_report()
