"""What is pressed, unplugged, answered or loaded in an order that nobody has in mind."""

import re

import pytest
from playwright.sync_api import expect

from known_conversation import DATA
from page_hooks import HOOKS, live_tracks
from tracker_page import BEEPING_MICROPHONE, page_address

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


def break_connection(page):
    page.page.evaluate("window.sockets.at(-1).close()")


def expect_to_go_on(page, seconds):
    """More is heard, up to so many seconds; then it is stopped, and there is a report."""
    page.expect_state("running")
    page.expect_elapsed(seconds)
    page.press("Stop")
    page.expect_report()
    assert live_tracks(page.page) == 0
    assert page.complaints == []


# -- the microphone --


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


# -- the connection --


def test_a_network_that_comes_back_while_the_server_is_being_asked_opens_one_session(page):
    page.start()
    page.expect_elapsed(1)
    page.page.evaluate(
        """() => {
          const {fetch} = window;
          window.asked = 0;
          window.fetch = async (...given) => {
            window.asked++;
            await new Promise(resolve => { window.answer = resolve; });
            return fetch(...given);
          };
        }"""
    )
    break_connection(page)
    page.page.wait_for_function("() => window.asked === 1")
    for _ in range(3):
        page.page.evaluate("dispatchEvent(new Event('online'))")
        page.page.wait_for_timeout(150)
    page.page.evaluate("window.answer()")

    assert page.page.evaluate("[window.asked, window.sockets.length]") in ([1, 1], [1, 2])
    expect_to_go_on(page, 3)
    assert page.page.evaluate("window.sockets.length") == 2


@pytest.mark.parametrize(
    "words", ['{"event":"speaker","currentSpeakerId":0}', '{"event":"timeline","audioMs":1,"segments":[{}]}', "[]"]
)
def test_a_server_that_speaks_out_of_order_is_given_up(page, words):
    page.page.evaluate("window.isHeld = true")
    page.press("Start")
    page.page.wait_for_function("() => window.release !== undefined")
    page.page.evaluate("data => window.sockets[0].dispatchEvent(new MessageEvent('message', {data}))", words)
    if words == "[]":  # of a newer server, perhaps
        page.page.evaluate("window.release()")
        page.expect_state("running")
    else:
        expect(page.page.get_by_role("button", name="Start")).to_be_enabled()
        assert re.match("what the server sent is ", "\n".join(page.complaints))
        assert live_tracks(page.page) == 0


def test_a_first_look_at_the_server_that_fails_late_does_not_disturb_a_conversation(page):
    held = []
    page.page.route("**/web/admission", lambda route: held.append(route) if not held else route.continue_())
    page.page.reload()
    expect(page.page.locator("#setup")).to_be_visible()
    page.start()
    held[0].abort()
    page.expect_elapsed(1)
    assert page.page.locator("#notices").inner_text() == ""
    page.press("Stop")
    page.expect_report()


def test_a_conversation_goes_on_where_the_clock_s_file_cannot_be_loaded(page):
    page.page.route("**/ticker-worker.js", lambda route: route.abort())
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_report()
    page.expect_labelled(2)


# -- the rest --


def test_a_name_that_is_being_written_when_the_report_comes_is_written_to_its_end(page, tmp_path):
    page.choose(file=DATA / "dialogue.flac", fast=True)
    page.press("Start")
    page.expect_labelled(1)
    field = page.page.get_by_label("Name of speaker 1")
    field.focus()
    page.page.keyboard.type("Ben ")
    page.expect_report()
    page.page.keyboard.type("Émile")
    expect(field).to_be_focused()
    page.page.keyboard.press("Enter")

    assert page.saved_json(tmp_path)["speakers"][0]["name"] == "Ben Émile"


def test_a_file_that_is_dropped_during_a_conversation_is_not_taken(page):
    page.start()
    seen = page.page.evaluate(
        """() => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(["x"], "late.wav"));
          const isStopped = type => !document.body.dispatchEvent(
            new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer}));
          return [isStopped("dragover"), document.getElementById("drop-hint").hidden, isStopped("drop")];
        }"""
    )
    assert seen == [True, True, True]
    page.press("Stop")
    page.expect_report()
    page.press("New conversation")
    assert page.page.locator("#file-name").text_content() == "No file chosen."


def test_a_screen_that_is_kept_on_late_is_let_go(page):
    page.page.evaluate(
        """() => {
          window.locks = [];
          const request = async () => {
            await new Promise(resolve => setTimeout(resolve, 1500));
            const lock = {isReleased: false, release: async () => { lock.isReleased = true; }};
            window.locks.push(lock);
            return lock;
          };
          Object.defineProperty(navigator, "wakeLock", {value: {request}});
        }"""
    )
    page.start()
    page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.press("Stop")
    page.expect_report()
    page.page.wait_for_function("() => window.locks.length === 2 && window.locks.every(lock => lock.isReleased)")


def test_a_screen_that_is_to_be_kept_on_is_so_once(page):
    page.page.evaluate(
        """() => {
          window.locks = [];
          const request = async () => {
            const lock = {isReleased: false, release: async () => { lock.isReleased = true; }};
            window.locks.push(lock);
            return lock;
          };
          Object.defineProperty(navigator, "wakeLock", {value: {request}});
        }"""
    )
    page.start()
    page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.page.wait_for_function("() => window.locks.map(lock => lock.isReleased).join() === 'true,false'")
    page.press("Stop")
    page.expect_report()
    page.page.wait_for_function("() => window.locks.every(lock => lock.isReleased)")


def test_a_notice_is_seen_wherever_the_page_was_scrolled_to(open_page, server):
    page = open_page(page_address(server.url), BEEPING_MICROPHONE, viewport={"width": 360, "height": 480})
    page.page.get_by_label("Sound file", exact=True).check()
    page.page.locator("#file").set_input_files([{"name": "x.wav", "mimeType": "audio/wav", "buffer": b""}])
    page.page.mouse.wheel(0, 2000)
    page.press("Start")
    page.expect_notice("file_empty")
    expect(page.page.locator(".notice[data-code=file_empty]")).to_be_in_viewport(ratio=1)
