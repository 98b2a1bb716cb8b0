"""Somebody presses whatever there is, at random, while microphones and connections come and go."""

import random
from time import monotonic

import pytest
import soundfile

from support.page_hooks import HOOKS, live_tracks
from support.tracker_page import page_address

pytestmark = pytest.mark.e2e

SECONDS = 25

MOODS = """() => {
  const {mediaDevices} = navigator;
  const {fetch} = window;
  const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
  const later = delayMs => new Promise(resolve => setTimeout(resolve, delayMs));
  window.mood = {answerMs: 0, isDenied: false, networkMs: 0, isAway: false};
  mediaDevices.getUserMedia = async wanted => {
    const {answerMs, isDenied} = window.mood;
    await later(answerMs);
    if (isDenied) throw new DOMException("as a user may", "NotAllowedError");
    return getUserMedia(wanted);
  };
  window.fetch = async (...given) => {
    const {networkMs, isAway} = window.mood;
    await later(networkMs);
    if (isAway) throw new TypeError("as networks may");
    return fetch(...given);
  };
}"""
"""How long user and network take to answer, and what they answer."""

PRESS = """([share, isAll]) => {
  const isThere = each => each.checkVisibility() && !each.matches(":disabled");
  const wanted = isAll ? "button, input[type=radio], summary" : "#start, #cancel, #check-microphone, #pause, #stop, #again";
  const there = [...document.querySelectorAll(wanted)].filter(isThere);
  const chosen = there[Math.floor(share * there.length)];
  chosen?.click();
  return chosen?.id || chosen?.value || null;
}"""

CHOOSE_DEVICE = """share => {
  const device = document.getElementById("device");
  if (!device.disabled) {
    device.selectedIndex = Math.floor(share * device.options.length);
    device.dispatchEvent(new Event("change", {bubbles: true}));
  }
}"""

DROP = """names => {
  const dataTransfer = new DataTransfer();
  for (const name of names) dataTransfer.items.add(new File(["this is no sound"], name));
  for (const type of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer}));
  }
}"""

UNPLUG = "() => { if (window.streams.length > 0) window.unplug(); }"
BREAK = "() => window.sockets.at(-1)?.close()"
SHOWN = "() => ['setup', 'session'].filter(id => document.getElementById(id).checkVisibility())"
OPEN_STILL = """() => [
  ...window.sockets.filter(socket => socket.readyState < 2).map(() => "socket"),
  ...window.contexts.filter(context => context.state !== "closed").map(() => "audio"),
]"""


class Monkey:
    """``did``: what it did, for whoever has to find out what went wrong."""

    def __init__(self, page, seed, files):
        self.page = page
        self.random = random.Random(seed)
        self.files = files
        self.did = []

    def act(self):
        actions = {
            self.press: 6,
            self.press_what_matters: 6,
            self.type: 2,
            self.choose_file: 1,
            self.drop: 1,
            self.choose_device: 1,
            self.unplug: 2,
            self.break_connection: 1,
            self.change_mood: 2,
            self.look_elsewhere: 1,
        }
        (action,) = self.random.choices(list(actions), list(actions.values()))
        self.did.append((action.__name__, action()))

    def press(self):
        return self.page.evaluate(PRESS, [self.random.random(), True])

    def press_what_matters(self):
        return self.page.evaluate(PRESS, [self.random.random(), False])

    def type(self):
        key = self.random.choice(["Tab", "Shift+Tab", "Enter", "Space", "ArrowRight", "ArrowUp", "a", "<", "Escape"])
        self.page.keyboard.press(key)
        return key

    def choose_file(self):
        file = self.random.choice(self.files)
        if self.page.locator("#setup").is_visible() and self.page.locator("#file").is_enabled():
            self.page.locator("#file").set_input_files(file)
        return file.name

    def drop(self):
        names = ["one.wav", "two.wav"][: self.random.randint(1, 2)]
        self.page.evaluate(DROP, names)
        return names

    def choose_device(self):
        self.page.evaluate(CHOOSE_DEVICE, self.random.random())

    def unplug(self):
        self.page.evaluate(UNPLUG)

    def break_connection(self):
        self.page.evaluate(BREAK)

    def change_mood(self):
        mood = {
            "answerMs": self.random.choice([0, 0, 300, 2000]),
            "isDenied": self.random.random() < 0.2,
            "networkMs": self.random.choice([0, 0, 0, 300, 1500]),
            "isAway": self.random.random() < 0.2,
        }
        self.page.evaluate("mood => { window.mood = mood; }", mood)
        return mood

    def look_elsewhere(self):
        self.page.emulate_media(color_scheme=self.random.choice(["light", "dark"]))
        self.page.set_viewport_size({"width": self.random.choice([360, 800, 1200]), "height": 700})
        self.page.evaluate("() => { dispatchEvent(new Event('online')); document.dispatchEvent(new Event('visibilitychange')); }")


def return_to_the_setup(page):
    """What anybody would press."""
    page.page.evaluate("() => { window.mood = {answerMs: 0, isDenied: false, networkMs: 0, isAway: false}; }")
    start = page.page.get_by_role("button", name="Start", exact=True)
    deadline = monotonic() + 60
    while not (start.is_visible() and start.is_enabled()):
        assert monotonic() < deadline, page.page.locator("main").inner_text()
        for way_out in ("#cancel", "#stop", "#again"):
            if page.page.locator(way_out).is_visible() and page.page.locator(way_out).is_enabled():
                page.page.locator(way_out).evaluate("button => button.click()")
        page.page.wait_for_timeout(100)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_pressed_the_page_can_be_used_afterwards(page, server, tmp_path, dialogue, seed):
    sound, noise = tmp_path / "short.wav", tmp_path / "noise.wav"
    soundfile.write(sound, dialogue.samples[: 16_000 * 4], 16_000)
    noise.write_bytes(b"this is no sound" * 100)
    page.page.evaluate(HOOKS)
    page.page.evaluate(MOODS)
    monkey = Monkey(page.page, seed, [sound, sound, noise])
    until = monotonic() + SECONDS
    while monotonic() < until:
        monkey.act()
        assert len(page.page.evaluate(SHOWN)) == 1, monkey.did
        assert live_tracks(page.page) <= 1, monkey.did
        page.page.wait_for_timeout(monkey.random.choice([0, 0, 20, 100, 400]))
    assert page.page.url == page_address(server.url), monkey.did
    return_to_the_setup(page)

    page.page.get_by_label("Microphone", exact=True).check()
    page.page.locator("#device").select_option("")
    page.start()
    page.expect_elapsed(2)
    assert live_tracks(page.page) == 1, monkey.did
    page.press("Stop")
    page.expect_report()

    page.page.wait_for_function(f"() => window.liveTracks() === 0 && ({OPEN_STILL})().length === 0")
    assert page.complaints == [], monkey.did
    assert len(monkey.did) > 20
