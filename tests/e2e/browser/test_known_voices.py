"""Voices that the page remembers on its device, and knows again in the next conversation."""

import json
import re

import pytest
import soundfile
from playwright.sync_api import expect

from support.page_looks import assert_fits, assert_nothing_is_wrong
from support.server_process import ServerProcess
from support.tracker_page import page_address

pytestmark = pytest.mark.e2e

CHANGE = 18.7
"""Seconds at which the dialogue is cut into two, both of which have both voices."""


@pytest.fixture(scope="module")
def halves(dialogue, tmp_path_factory):
    """The first and the second half of the dialogue as files."""
    folder = tmp_path_factory.mktemp("halves")
    for name, part in (("monday", dialogue.part(0, CHANGE)), ("tuesday", dialogue.part(CHANGE, 39.2))):
        soundfile.write(folder / f"{name}.wav", part.samples, 16_000)
    return folder / "monday.wav", folder / "tuesday.wav"


@pytest.fixture
def voiceprints(connect, dialogue):
    """Those of the two voices of the first half, as the server tells them."""
    pcm = (dialogue.part(0, CHANGE).samples * 32767).astype("<i2").tobytes()
    with connect() as client:
        client.start(num_speakers=2, voiceprints=True)
        client.stream(pcm)
        return [speaker["voiceprint"] for speaker in client.report()["speakers"]]


@pytest.fixture
def voices_file(tmp_path):
    """Writes voices, pairs of a name and a voiceprint, into a file in the format of the command line."""

    def write(*voices, name="voices.json", **head):
        entries = [{"name": who, "voiceprint": voiceprint, "added": "2026-11-27"} for who, voiceprint in voices]
        model = voices[0][1] if voices else {"model": "ecapa-mini", "version": 1}
        content = {"format": "speaker-tracker voices", "version": 1, "model": model["model"], "model_version": model["version"]}
        file = tmp_path / name
        file.write_text(json.dumps({**content, "voices": entries, **head}), encoding="utf-8")
        return file

    return write


@pytest.fixture
def anna_and_ben(voices_file, voiceprints):
    """A file with both voices."""
    return voices_file(("Anna", voiceprints[0]), ("Ben", voiceprints[1]))


def track(page, file):
    """A conversation from its start to its report."""
    page.choose(file=file, fast=True)
    page.press("Start")
    page.expect_report()


def again(page):
    page.press("New conversation")
    expect(page.page.locator("#setup")).to_be_visible()


def remember(page, number, name):
    page.rename(number, name)
    page.page.get_by_role("button", name=f"Remember this voice on this device ({name})").click()
    expect(row(page, number)).to_contain_text(f"Remembered on this device as {name}.")


def row(page, number):
    return page.page.locator(f".speaker[data-number='{number}']")


def names(page):
    """Those in the list of speakers, as they are read."""
    return page.page.locator(".speaker input").evaluate_all("fields => fields.map(field => field.value || field.placeholder)")


def open_list(page):
    if not page.page.locator("#voices").evaluate("list => list.open"):
        page.page.locator("#voices-title").click()


def bring(page, file):
    """Imports a file of voices."""
    open_list(page)
    page.page.locator("#import-voices").set_input_files(file)


def bring_both(page, file):
    bring(page, file)
    expect(page.page.locator("#voices-status")).to_have_text("2 voiceprints were imported.")


def starts(page):
    """What the page has said to start sessions."""
    said = [json.loads(frame) for frame in page.frames_sent if isinstance(frame, str)]
    return [each for each in said if each["action"] == "start"]


def test_nothing_is_kept_and_no_voice_is_told_unless_somebody_asks_for_it(page, halves, tmp_path):
    track(page, halves[0])
    page.rename(1, "Anna")
    expect(page.page.locator("#remember-hint")).to_contain_text(
        "numbers that tell how it sounds, no audio. It stays in this browser"
    )
    expect(row(page, 2).get_by_role("button", name="Remember")).to_have_count(0)  # nobody without a name
    saved = page.saved_json(tmp_path)
    again(page)
    expect(page.page.locator("#recognize-field")).to_be_hidden()
    expect(page.page.locator("#voices-title")).to_have_text("Remembered voices")
    track(page, halves[1])

    assert names(page) == ["Speaker 1", "Speaker 2"]
    assert [start.get("known_voices") for start in starts(page)] == [None, None]
    assert "vector" not in json.dumps(saved)
    assert page.page.evaluate("localStorage.length + sessionStorage.length") <= 1  # the token, which is empty
    assert page.complaints == []


NOW = """() => {
  window.names = [];
  const name = document.getElementById("now-name");
  const changes = {childList: true, characterData: true, subtree: true};
  new MutationObserver(() => window.names.push(name.textContent)).observe(name, changes);
}"""


def test_who_was_remembered_is_known_in_the_next_conversation_everywhere(page, halves, tmp_path):
    track(page, halves[0])
    remember(page, 1, "Anna")
    remember(page, 2, "Ben")
    page.page.reload()  # it is the device that remembers, not the page
    expect(page.page.locator("#voices-title")).to_have_text("Remembered voices (2)")
    expect(page.page.locator("#recognize-hint")).to_contain_text("The voiceprints of 2 people are sent to this server")
    page.page.evaluate(NOW)
    page.choose(file=halves[1])
    page.start()
    page.page.wait_for_function("() => ['Anna', 'Ben'].every(name => window.names.includes(name))")
    page.expect_report()

    (start,) = starts(page)[1:]
    assert {(voice["name"], voice["voiceprint"]["model"]) for voice in start["known_voices"]} == {
        ("Anna", "ecapa-mini"),
        ("Ben", "ecapa-mini"),
    }
    assert names(page) == ["Anna", "Ben"]
    expect(row(page, 1).get_by_text("Recognized by the voice")).to_be_visible()
    expect(page.page.locator("#report-summary")).to_contain_text("2 people spoke, Anna most")
    assert set(page.page.locator("#segments td:last-child").all_text_contents()) == {"Anna (1)", "Ben (2)"}
    assert page.page.locator("#canvas").get_attribute("aria-label").startswith("Timeline: Anna ")
    saved = page.saved_json(tmp_path)
    assert [speaker["name"] for speaker in saved["speakers"]] == ["Anna", "Ben"]
    assert [speaker["name"] for speaker in saved["sessions"][0]["report"]["speakers"]] == ["Anna", "Ben"]
    assert "vector" not in json.dumps(saved)
    assert ",1,Anna\n" in page.save("CSV", tmp_path).read_text(encoding="utf-8")
    assert " Ben " in page.save("RTTM", tmp_path).read_text(encoding="utf-8")
    assert page.complaints == []


def test_a_recognized_name_can_be_put_right_and_another_voiceprint_be_added(page, halves, anna_and_ben):
    bring_both(page, anna_and_ben)
    track(page, halves[1])
    assert names(page) == ["Anna", "Ben"]

    row(page, 1).get_by_role("button", name="Remember this voice from here as well (Anna)").click()
    expect(row(page, 1)).to_contain_text("Remembered on this device as Anna.")
    page.rename(1, "Cleo")
    expect(row(page, 1).get_by_text("Recognized by the voice")).to_be_hidden()
    expect(page.page.locator("#segments")).to_contain_text("Cleo (1)")
    row(page, 1).get_by_role("button", name="Remember as Cleo instead").click()
    expect(row(page, 1)).to_contain_text("Remembered on this device as Cleo.")
    page.rename(1, "")
    assert names(page) == ["Anna", "Ben"]
    page.rename(1, "")
    assert names(page) == ["Speaker 1", "Ben"]
    again(page)
    assert page.page.locator("#voice-list strong").all_text_contents() == ["Anna", "Ben", "Cleo"]
    assert page.complaints == []


def test_what_was_just_remembered_can_be_forgotten_at_once(page, halves):
    track(page, halves[0])
    remember(page, 1, "Anna")
    row(page, 1).get_by_role("button", name="Forget").click()
    expect(row(page, 1).get_by_role("button", name="Remember this voice on this device")).to_be_focused()
    again(page)
    expect(page.page.locator("#voice-list li")).to_have_count(0)


def test_recognition_can_be_switched_off(page, halves, anna_and_ben):
    bring_both(page, anna_and_ben)
    page.page.get_by_label("Recognize remembered voices").uncheck()
    page.page.reload()
    expect(page.page.get_by_label("Recognize remembered voices")).not_to_be_checked()
    track(page, halves[1])

    assert names(page) == ["Speaker 1", "Speaker 2"]
    assert "known_voices" not in starts(page)[0]
    again(page)
    page.page.get_by_label("Recognize remembered voices").check()
    track(page, halves[1])
    assert names(page) == ["Anna", "Ben"]


def test_the_list_tells_what_is_remembered_and_forgets_it(page, anna_and_ben):
    bring_both(page, anna_and_ben)
    items = page.page.locator("#voice-list li")
    expect(items.first).to_contain_text(re.compile(r"Anna.*27.* · \d+ seconds of speech · ecapa-mini, version 1"))

    items.first.get_by_role("button", name="Forget Anna of").click()
    expect(items).to_have_count(1)
    expect(items.get_by_role("button")).to_be_focused()
    expect(page.page.locator("#voices-status")).to_have_text("A voiceprint of Anna is forgotten.")

    page.press("Forget all")
    expect(page.page.locator("#forget-text")).to_contain_text("This cannot be undone.")
    page.press("Keep them")
    expect(page.page.get_by_role("button", name="Forget all", exact=True)).to_be_focused()
    expect(items).to_have_count(1)
    page.press("Forget all")
    page.press("Forget all of them")
    expect(items).to_have_count(0)
    expect(page.page.locator("#no-voices")).to_be_visible()
    expect(page.page.locator("#recognize-field")).to_be_hidden()
    page.page.reload()
    expect(page.page.locator("#voices")).to_be_visible()
    expect(items).to_have_count(0)


def test_voices_move_to_another_device_in_a_file(page, open_page, halves, tmp_path, anna_and_ben):
    bring_both(page, anna_and_ben)
    exported = page.save("Export", tmp_path)
    assert exported.name == "voices-ecapa-mini-1.json"
    assert json.loads(exported.read_text(encoding="utf-8")) == json.loads(anna_and_ben.read_text(encoding="utf-8"))

    other = open_page(page.page.url)
    bring_both(other, exported)
    bring(other, exported)
    expect(other.page.locator("#voices-status")).to_contain_text(
        "0 voiceprints were imported. 2 were left out: it is there already"
    )
    track(other, halves[1])
    assert names(other) == ["Anna", "Ben"]


def test_of_one_person_five_voiceprints_are_kept(page, voices_file, voiceprints):
    vector = voiceprints[0]["vector"]
    prints = [{**voiceprints[0], "vector": vector[:8] + f"{number}{vector[9:]}"} for number in range(7)]
    bring(page, voices_file(*(("Anna", each) for each in prints)))
    expect(page.page.locator("#voices-status")).to_contain_text("5 voiceprints were imported. 2 were left out")
    expect(page.page.locator("#voice-list li")).to_have_count(5)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"RIFF\x00\x00", "It is not JSON."),
        (b'{"speakers": []}', "does not say that its format is"),
        (b'{"format": "speaker-tracker voices", "version": 7}', "version 7 of the format, and this page reads version 1"),
        (
            b'{"format": "speaker-tracker voices", "version": 1, "model": "a", "model_version": 1, "voices": [{"name": "Anna"}]}',
            "Voice 1 (Anna) has no voiceprint.",
        ),
    ],
)
def test_a_file_that_is_none_is_told_in_words(page, tmp_path, content, words):
    file = tmp_path / "voices.json"
    file.write_bytes(content)
    bring(page, file)
    page.expect_notice("voices_file", "No voices were imported", words)
    expect(page.page.locator("#voice-list li")).to_have_count(0)


def test_voices_of_another_model_are_not_usable_and_not_told(page, halves, voices_file, voiceprints):
    bring(page, voices_file(("Anna", {**voiceprints[0], "model": "campplus", "version": 2})))
    item = page.page.locator("#voice-list li")
    expect(item).to_contain_text("campplus, version 2")
    expect(item).to_contain_text("Not usable here: this server hears by ecapa-mini, version 1.")
    expect(page.page.locator("#recognize-hint")).to_contain_text("None of them is of the voice model of this server")
    track(page, halves[1])
    assert "known_voices" not in starts(page)[0]


def test_a_server_that_takes_few_is_told_the_newest_and_the_page_says_so(
    open_page, start_server, halves, anna_and_ben, voiceprints
):
    page = open_page(page_address(start_server(max_known_voices="1", max_voice_name_length="2").url))
    bring_both(page, anna_and_ben)
    expect(page.page.locator("#recognize-hint")).to_contain_text("This server takes 1 voiceprints, so only the newest of your 2")
    track(page, halves[1])
    assert [voice["voiceprint"] for voice in starts(page)[0]["known_voices"]] == [voiceprints[1]]
    assert names(page) == ["Speaker 1", "Ben"]  # whose name is longer than the server takes


def expect_nothing_of_voices(page):
    expect(page.page.locator("#voices")).to_be_hidden()
    expect(page.page.locator("#recognize-field")).to_be_hidden()


def test_where_the_server_recognizes_no_voices_nothing_is_seen_of_it(
    open_page, start_server, unused_tcp_port, halves, anna_and_ben
):
    def serving(**settings) -> ServerProcess:
        started = start_server("--port", str(unused_tcp_port), **settings)
        assert started.url
        return started

    server = serving()
    page = open_page(page_address(server.url))
    bring_both(page, anna_and_ben)
    server.end()
    serving(known_voices="false")
    page.page.reload()
    expect_nothing_of_voices(page)
    track(page, halves[1])

    assert names(page) == ["Speaker 1", "Speaker 2"]
    assert starts(page)[0].keys().isdisjoint({"voiceprints", "known_voices"})
    page.rename(1, "Anna")
    expect(page.page.get_by_role("button", name="Remember")).to_have_count(0)
    expect(page.page.locator("#remember-hint")).to_be_hidden()
    assert page.complaints == []


def test_a_server_that_recognizes_no_voices_any_more_is_asked_again_without(open_page, start_server, halves, anna_and_ben):
    """The page has been told otherwise by another server of the same address, as while a fleet is brought up to date."""
    page = open_page(page_address(start_server(known_voices="false").url))
    offer = {"model": "ecapa-mini", "version": 1, "maxVoices": 50, "maxNameLength": 100}

    def answer(route):
        route.fulfill(json={**route.fetch().json(), "knownVoices": offer})

    page.page.route("**/web/admission", answer)
    page.page.reload()
    bring_both(page, anna_and_ben)
    track(page, halves[1])

    assert [len(start.get("known_voices", [])) for start in starts(page)] == [2, 0]
    assert names(page) == ["Speaker 1", "Speaker 2"]
    expect(page.page.locator("#notices")).to_be_empty()
    page.rename(1, "Anna")
    expect(page.page.get_by_role("button", name="Remember")).to_have_count(0)
    again(page)
    expect_nothing_of_voices(page)


def test_voices_that_the_server_cannot_use_are_left_out_and_that_is_told(page, halves, voices_file, voiceprints):
    short = {**voiceprints[0], "vector": voiceprints[0]["vector"][:16]}
    bring(page, voices_file(("Anna", short)))
    track(page, halves[1])
    page.expect_notice("voices_left_out", "Remembered voices are not recognized this time", "has 6 values")
    assert names(page) == ["Speaker 1", "Speaker 2"]


def test_what_another_tab_has_forgotten_is_not_told(page, halves, anna_and_ben):
    bring_both(page, anna_and_ben)
    other = page.page.context.new_page()
    other.goto(page.page.url)
    other.locator("#voices-title").click()
    other.get_by_role("button", name="Forget Anna of").click()
    expect(other.locator("#voice-list li")).to_have_count(1)
    other.close()
    track(page, halves[1])
    assert [voice["name"] for voice in starts(page)[0]["known_voices"]] == ["Ben"]
    assert names(page) == ["Speaker 1", "Ben"]


def test_a_browser_that_keeps_nothing_says_so_and_all_else_works(page, halves):
    page.page.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('not here', 'SecurityError'); };")
    page.page.reload()
    track(page, halves[0])
    page.rename(1, "Anna")
    row(page, 1).get_by_role("button", name="Remember this voice on this device").click()
    page.expect_notice("voices_not_kept", "does not keep anything", "not here")
    assert page.complaints == []


def test_voices_are_remembered_and_forgotten_by_keyboard_alone(page, halves):
    keyboard = page.page.keyboard
    track(page, halves[0])
    page.rename(1, "Anna")
    page.page.get_by_label("Name of speaker 1").focus()
    keyboard.press("Tab")
    expect(page.page.get_by_role("button", name="Remember this voice on this device (Anna)")).to_be_focused()
    keyboard.press("Enter")
    expect(row(page, 1).get_by_role("button", name="Forget")).to_be_focused()
    expect(page.page.locator("#announcement")).to_have_text("The voice of Anna is remembered on this device.")
    again(page)
    page.page.locator("#voices-title").focus()
    keyboard.press("Enter")
    for _ in range(4):
        keyboard.press("Tab")
    expect(page.page.get_by_role("button", name="Forget all", exact=True)).to_be_focused()
    keyboard.press("Enter")
    expect(page.page.get_by_role("button", name="Keep them")).to_be_focused()
    keyboard.press("Shift+Tab")
    keyboard.press("Enter")
    expect(page.page.locator("#voices-title")).to_be_focused()
    expect(page.page.locator("#voice-list li")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_a_telephone_shows_all_of_it(page, halves, voices_file, voiceprints, scheme):
    def check(phase):
        assert_nothing_is_wrong(page, phase)
        assert_fits(page, phase)

    page.page.emulate_media(color_scheme=scheme)
    page.page.set_viewport_size({"width": 360, "height": 700})
    open_list(page)
    check("an empty list")
    long_name = "a-name-as-long-as-any-server-takes-it-" + "x" * 60
    bring_both(page, voices_file((long_name, voiceprints[0]), ("Ben", voiceprints[1])))
    bring(page, voices_file(("Dora", {**voiceprints[0], "model": "campplus"}), name="others.json"))
    expect(page.page.locator("#voice-list li")).to_have_count(3)
    check("a list")
    page.press("Forget all")
    check("a question")
    page.press("Keep them")
    track(page, halves[1])
    expect(row(page, 1).get_by_text("Recognized by the voice")).to_be_visible()
    check("recognized")
    page.rename(1, "A name that is as long as a name may be")
    row(page, 1).get_by_role("button", name="Remember this voice on this device").click()
    page.rename(1, "Another that is as long as a name may be")
    expect(row(page, 1)).to_contain_text("Remember as Another")
    check("remembered under another name")
    page.page.set_viewport_size({"width": 1100, "height": 800})
    check("wide")
    assert page.complaints == []
