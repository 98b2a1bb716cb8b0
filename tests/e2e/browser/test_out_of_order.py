"""What is pressed, answered or loaded in an order that nobody has in mind."""

import re

import pytest
from playwright.sync_api import expect

from support.known_conversation import DATA
from support.page_hooks import HOOKS, break_connection, expect_to_go_on
from support.tracker_page import BEEPING_MICROPHONE, page_address

pytestmark = pytest.mark.e2e


@pytest.fixture
def page(page):
    page.page.evaluate(HOOKS)
    return page


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
        page.page.wait_for_function("() => window.liveTracks() === 0")  # it is let go when it has given its last frame


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


WAKE_LOCKS = """delayMs => {
  window.locks = [];
  const request = async () => {
    await new Promise(resolve => setTimeout(resolve, delayMs));
    const lock = {isReleased: false, release: async () => { lock.isReleased = true; }};
    window.locks.push(lock);
    return lock;
  };
  Object.defineProperty(navigator, "wakeLock", {value: {request}});
}"""


def test_a_screen_that_is_kept_on_late_is_let_go(page):
    page.page.evaluate(WAKE_LOCKS, 1500)
    page.start()
    page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.press("Stop")
    page.expect_report()
    page.page.wait_for_function("() => window.locks.length === 2 && window.locks.every(lock => lock.isReleased)")


def test_a_screen_that_is_to_be_kept_on_is_so_once(page):
    page.page.evaluate(WAKE_LOCKS, 0)
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
