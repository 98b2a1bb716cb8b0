"""A microphone that is unplugged, asked for, opened or let go in an order that nobody has in mind."""

import pytest
from playwright.sync_api import expect

from support.known_conversation import DATA
from support.page_hooks import HOOKS, break_connection, expect_to_go_on, live_tracks
from support.tracker_page import page_address

pytestmark = pytest.mark.e2e


@pytest.fixture
def page(page):
    page.page.evaluate(HOOKS)
    return page


def ask_for_permission(page):
    """From now on the browser asks; nobody answers before ``allow``."""
    page.page.evaluate("window.isAsked = true")


def expect_prompts(page, count):
    page.page.wait_for_function("count => window.prompts.length === count", arg=count)


def allow(page):
    """The user allows all that was asked, and the browser has given what it gives."""
    before = page.page.evaluate("[window.streams.length, window.prompts.length]")
    page.page.evaluate("() => { window.isAsked = false; for (const answer of window.prompts.splice(0)) answer(); }")
    page.page.wait_for_function("count => window.streams.length === count", arg=sum(before))
    page.page.wait_for_timeout(300)


def unplug(page):
    page.page.evaluate("window.unplug()")
    page.expect_notice("microphone_gone")


def test_a_question_for_the_microphone_that_nobody_answers_can_be_left_for_a_file(page):
    ask_for_permission(page)
    page.press("Start")
    expect(page.page.get_by_role("button", name="Opening microphone …")).to_be_disabled()
    page.press("Cancel")
    expect(page.page.locator("#cancel")).to_be_hidden()
    expect(page.page.get_by_role("button", name="Start")).to_be_focused()
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_labelled(1)
    allow(page)
    page.expect_report()

    assert live_tracks(page.page) == 0
    assert page.page.locator("#notices").inner_text() == ""
    assert page.complaints == []


def test_a_file_does_not_wait_for_a_microphone_that_was_to_be_checked(page):
    ask_for_permission(page)
    page.press("Check it")
    expect_prompts(page, 1)
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()
    allow(page)

    assert live_tracks(page.page) == 0
    page.press("New conversation")
    expect(page.page.locator("#setup-meter")).to_be_hidden()


def test_a_start_that_was_called_off_can_be_made_again(page):
    ask_for_permission(page)
    for asked in (1, 2):
        page.press("Start")
        expect_prompts(page, asked)
        page.press("Cancel")
    page.press("Start")
    expect_prompts(page, 3)
    allow(page)

    assert live_tracks(page.page) == 1
    expect_to_go_on(page, 1)


def test_a_start_can_be_called_off_while_the_server_does_not_answer(page):
    page.page.evaluate("window.isHeld = true")
    page.press("Start")
    page.press("Cancel")
    expect(page.page.get_by_role("button", name="Start")).to_be_enabled()
    assert live_tracks(page.page) == 0
    assert page.page.locator("#notices").inner_text() == ""

    page.page.evaluate("window.isHeld = false")
    page.start()
    expect_to_go_on(page, 1)


def test_a_microphone_that_was_unplugged_after_its_check_is_opened_anew(page):
    page.press("Check it")
    expect(page.page.locator("#setup-meter")).to_be_visible()
    unplug(page)
    expect(page.page.locator("#setup-meter")).to_be_hidden()
    page.start()
    expect(page.page.locator("#notices")).to_be_empty()

    assert live_tracks(page.page) == 1
    expect_to_go_on(page, 1)


def test_a_microphone_that_is_unplugged_while_it_is_being_opened_is_called_gone(page):
    page.page.evaluate(
        """() => {
          const addModule = AudioWorklet.prototype.addModule;
          AudioWorklet.prototype.addModule = async function (url) {
            window.streams.at(-1).getTracks()[0].stop();
            AudioWorklet.prototype.addModule = addModule;
            return addModule.call(this, url);
          };
        }"""
    )
    page.press("Start")
    page.expect_notice("microphone_gone")
    page.start()
    expect_to_go_on(page, 1)


def test_a_microphone_that_is_unplugged_while_the_server_is_asked_pauses_the_conversation(page):
    page.page.evaluate("window.isHeld = true")
    page.press("Start")
    page.page.wait_for_function("() => window.release !== undefined")
    unplug(page)
    page.page.evaluate("() => { window.isHeld = false; window.release(); }")
    page.expect_state("paused")
    page.press("Go on")
    expect_to_go_on(page, 2)


def test_a_microphone_that_is_unplugged_while_the_connection_is_away_pauses_the_conversation(page):
    page.start()
    page.expect_elapsed(1)
    page.page.evaluate("window.isHeld = true")
    break_connection(page)
    page.expect_state("reconnecting")
    unplug(page)
    expect(page.page.locator("#away-text")).to_contain_text("stays paused")
    expect(page.page.locator("#live-level")).to_be_empty()  # it was too loud
    page.page.wait_for_function("() => window.release !== undefined")
    page.page.evaluate("() => { window.isHeld = false; window.release(); }")
    page.expect_state("paused")
    page.press("Go on")
    expect_to_go_on(page, 3)


def test_a_pause_and_its_end_can_be_pressed_while_the_connection_is_away(page):
    page.start()
    page.expect_elapsed(1)
    for presses, state in (("Pause",), "paused"), (("Pause", "Go on"), "running"):
        before = page.page.evaluate("window.sockets.length")
        break_connection(page)
        page.expect_state("reconnecting")
        for press in presses:
            page.press(press)
        page.page.wait_for_function("before => window.sockets.length > before", arg=before)
        page.expect_state(state)
        if state == "paused":
            page.press("Go on")
    expect_to_go_on(page, 3)


def test_stop_while_a_microphone_is_being_opened_again_leaves_it_off(page):
    page.start()
    page.expect_elapsed(1)
    unplug(page)
    page.expect_state("paused")
    ask_for_permission(page)
    page.press("Go on")
    page.press("Go on")
    expect_prompts(page, 2)
    page.press("Stop")
    page.expect_report()
    allow(page)

    assert live_tracks(page.page) == 0
    assert page.complaints == []


def test_going_on_twice_opens_one_microphone(page):
    page.start()
    page.expect_elapsed(1)
    unplug(page)
    page.expect_state("paused")
    ask_for_permission(page)
    page.press("Go on")
    page.press("Go on")
    expect_prompts(page, 2)
    allow(page)
    page.expect_state("running")

    assert live_tracks(page.page) == 1
    expect_to_go_on(page, 3)


def test_where_the_chosen_microphone_is_gone_for_good_another_is_taken(page):
    page.press("Check it")
    expect(page.page.locator("#setup-meter")).to_be_visible()
    page.page.locator("#device").select_option(index=1)
    chosen = page.page.locator("#device").input_value()
    page.start()
    page.expect_elapsed(1)
    page.page.evaluate(
        """chosen => {
          const {mediaDevices} = navigator;
          const enumerateDevices = mediaDevices.enumerateDevices.bind(mediaDevices);
          mediaDevices.enumerateDevices = async () => (await enumerateDevices()).filter(device => device.deviceId !== chosen);
        }""",
        chosen,
    )
    unplug(page)
    page.press("Go on")
    page.expect_state("running")

    assert page.page.evaluate("window.streams.at(-1).getTracks()[0].getSettings().deviceId") != chosen
    expect_to_go_on(page, 2)


def test_a_microphone_that_gives_nothing_any_more_is_told_of_and_opened_anew(page):
    page.start()
    page.expect_elapsed(1)
    page.page.evaluate("window.contexts.at(-1).suspend()")
    page.expect_notice("microphone_stuck", "Go on")
    page.expect_state("paused")
    page.press("Go on")
    expect(page.page.locator("#notices")).to_be_empty()
    expect_to_go_on(page, 3)


def test_a_conversation_does_not_take_the_microphone_that_the_last_one_is_letting_go(open_page, start_server):
    """A sound system that does not answer makes that take a second."""
    page = open_page(page_address(start_server(max_session_seconds="2").url))
    page.page.evaluate(HOOKS)
    page.page.evaluate(
        """() => {
          const postMessage = MessagePort.prototype.postMessage;
          MessagePort.prototype.postMessage = function (message, ...more) {
            if (message !== "flush") postMessage.call(this, message, ...more);
          };
        }"""
    )
    page.start()
    page.expect_notice("session_too_long")
    page.press("New conversation")
    page.start()
    page.expect_elapsed(2)
    page.expect_report()

    page.page.wait_for_function("() => window.liveTracks() === 0")
    assert page.complaints == []
