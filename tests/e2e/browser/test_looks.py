"""What eyes, hands and screen readers need of the page."""

import itertools
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from support.known_conversation import DATA
from support.page_looks import assert_fits, assert_nothing_is_wrong
from support.tracker_page import BEEPING_MICROPHONE, page_address

pytestmark = pytest.mark.e2e

SCHEMES = ("light", "dark")

READ_ON = {"card": ("text", "muted", "accent", "warn"), "ground": ("text", "muted"), "raised": ("text",), "warn-soft": ("text",)}
"""What is written, by the colour that it is written on."""

SEEN_ON_CARD = ("control", "accent", "good", "bad", "warn", *(f"hue-{hue}-edge" for hue in range(5)))
"""Bounds and bars that have to be seen."""


def colours(page):
    """The style sheet's colours as they hold now, by name: sRGB within [0, 1]."""
    found = page.page.evaluate(
        """() => {
          const names = new Set();
          for (const rule of document.styleSheets[0].cssRules) {
            for (const name of rule.style ?? []) if (name.startsWith("--")) names.add(name.slice(2));
          }
          const style = getComputedStyle(document.documentElement);
          return Object.fromEntries([...names].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
        }"""
    )
    return {
        name: np.array([int(value[1 + i : 3 + i], 16) / 255 for i in (0, 2, 4)])
        for name, value in found.items()
        if re.fullmatch("#[0-9a-f]{6}", value)
    }


def linear(colour):
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.2, "contrast ratio"."""
    luminances = sorted(float(linear(colour) @ (0.2126, 0.7152, 0.0722)) for colour in (one, other))
    return (luminances[1] + 0.05) / (luminances[0] + 0.05)


@pytest.fixture(scope="module", params=SCHEMES)
def scheme_page(request, open_lasting_page, server):
    return open_lasting_page(page_address(server.url), BEEPING_MICROPHONE, color_scheme=request.param)


def test_text_has_the_contrast_of_wcag_aa(scheme_page):
    of = colours(scheme_page)
    pairs = [(ink, ground) for ground, inks in READ_ON.items() for ink in inks]
    pairs += [("accent-ink", "accent"), ("text", "accent-soft"), *((f"hue-{hue}-ink", f"hue-{hue}") for hue in range(5))]
    for ink, ground in pairs:
        assert contrast(of[ink], of[ground]) >= 4.5, f"{ink} on {ground}"


def test_bounds_bars_and_symbols_have_the_contrast_of_wcag_aa(scheme_page):
    of = colours(scheme_page)
    for name in SEEN_ON_CARD:
        assert contrast(of[name], of["card"]) >= 3, name


VIENOT = {
    "protanopia": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deuteranopia": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}
"""Linear RGB as dichromats see it: Viénot, Brettel, Mollon, "Digital video colourmaps for checking the legibility of displays by
dichromats" (1999)."""


def lab(linear_rgb):
    """CIE L*a*b*, white point D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(linear_rgb, 0, 1)
    x, y, z = np.cbrt(np.maximum(xyz / (0.9505, 1, 1.089), 1e-6))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", [None, *VIENOT])
def test_speakers_colours_differ_to_all_eyes(scheme_page, sight):
    of = colours(scheme_page)
    seen = [linear(of[f"hue-{hue}"]) for hue in range(5)]
    if sight is not None:
        seen = [np.array(VIENOT[sight]) @ colour for colour in seen]
    distances = [np.linalg.norm(lab(one) - lab(other)) for one, other in itertools.combinations(seen, 2)]
    assert min(distances) > 10  # about four times what can just be told apart


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_and_a_telephone_shows_all_of_it(open_page, server, scheme):
    page = open_page(
        page_address(server.url), BEEPING_MICROPHONE, color_scheme=scheme, viewport={"width": 360, "height": 700}, has_touch=True
    )

    def check(phase):
        assert_nothing_is_wrong(page, phase)
        assert_fits(page, phase)

    check("before the start")
    page.press("Check it")
    expect(page.page.locator("#setup-meter")).to_be_visible()
    check("checking the microphone")
    page.choose(file=DATA / "conversation.flac", speakers=3)
    check("with a file")
    page.start()
    page.expect_labelled(1)
    page.rename(1, "A name that is as long as a name may be")
    check("running")
    page.page.set_viewport_size({"width": 1100, "height": 800})
    check("running, wide")
    page.page.set_viewport_size({"width": 360, "height": 700})
    page.expect_elapsed(6)
    page.press("Stop")
    page.expect_report()
    page.page.get_by_text("The timeline as a table").click()
    check("report")
    page.page.set_viewport_size({"width": 320, "height": 700})
    assert_fits(page, "report at the narrowest")
    page.page.get_by_role("button", name="Show less time").click()
    expect(page.page.locator("#scroll")).to_be_visible()
    check("report, part of it")
    assert page.complaints == []


def test_a_notice_fits_and_is_an_alert(open_page, server):
    page = open_page(page_address(server.url), BEEPING_MICROPHONE, viewport={"width": 360, "height": 700})
    page.page.get_by_label("Sound file", exact=True).check()
    page.page.locator("#file").set_input_files([{"name": "x" * 60 + ".wav", "mimeType": "audio/wav", "buffer": b""}])
    page.press("Start")
    page.expect_notice("file_empty")
    expect(page.page.get_by_role("alert")).to_contain_text("is empty")
    assert_fits(page, "notice")
    assert_nothing_is_wrong(page, "notice")


def press_until_focused(page, locator, key="Tab"):
    for _ in range(30):
        if locator.evaluate("element => element === document.activeElement"):
            return
        page.page.keyboard.press(key)
    pytest.fail(f"{locator} is not reached by {key}")


def test_a_whole_conversation_goes_by_keyboard_alone(page):
    keyboard = page.page.keyboard

    def button(name):
        return page.page.get_by_role("button", name=name, exact=True)

    press_until_focused(page, page.page.locator("[name=source]:checked"))
    keyboard.press("ArrowRight")
    expect(page.page.get_by_label("Sound file", exact=True)).to_be_checked()
    press_until_focused(page, page.page.locator("#file"))
    page.page.locator("#file").set_input_files(DATA / "conversation.flac")  # the system's own window for files takes keys as well
    press_until_focused(page, page.page.locator("[name=speakers]:checked"))
    keyboard.press("ArrowRight")
    expect(page.page.get_by_role("group", name="How many people speak?").get_by_label("3")).to_be_checked()
    keyboard.press("Enter")
    page.expect_state("running")
    expect(page.page.get_by_role("heading", name="Speaking now")).to_be_focused()

    press_until_focused(page, button("Pause"))
    keyboard.press("Space")
    page.expect_state("paused")
    expect(button("Go on")).to_be_focused()
    keyboard.press("Enter")
    page.expect_labelled(1)
    page.expect_elapsed(5)
    press_until_focused(page, page.page.get_by_label("Name of speaker 1"))
    keyboard.type("Maya")
    keyboard.press("Enter")
    press_until_focused(page, button("Stop"), "Shift+Tab")
    keyboard.press("Enter")
    page.expect_report()
    expect(page.page.get_by_role("heading", name="Report")).to_be_focused()
    expect(page.page.get_by_label("Name of speaker 1")).to_have_value("Maya")

    press_until_focused(page, button("Show less time"))
    keyboard.press("Enter")
    scroll = page.page.get_by_label("Begin of what the timeline shows")
    press_until_focused(page, scroll)
    keyboard.press("Home")
    expect(scroll).to_have_value("0")
    keyboard.press("ArrowRight")
    expect(scroll).not_to_have_value("0")
    press_until_focused(page, button("RTTM"), "Shift+Tab")
    with page.page.expect_download():
        keyboard.press("Enter")
    press_until_focused(page, button("New conversation"))
    keyboard.press("Enter")
    expect(page.page.get_by_role("heading", name="Who is speaking?")).to_be_focused()


def test_focus_is_seen(page):
    for _ in range(4):
        page.page.keyboard.press("Tab")
        shown = page.page.evaluate(
            """() => {
              const element = document.activeElement;
              const around = element.closest(".choice, .drop") ?? element;
              return [element, around].some((one) => getComputedStyle(one).outlineStyle === "solid");
            }"""
        )
        assert shown, page.page.evaluate("document.activeElement.outerHTML")


def test_screen_readers_are_told_who_speaks_unless_they_are_not_to(page):
    page.page.evaluate(
        """() => {
          window.told = [];
          const target = document.getElementById("announcement");
          new MutationObserver(() => window.told.push(target.textContent)).observe(target, {childList: true});
        }"""
    )
    page.choose(file=DATA / "dialogue.flac")
    page.start()
    page.page.wait_for_function("() => window.told.includes('Speaker 2 is speaking')")
    page.page.get_by_label("Tell screen readers who speaks").uncheck()
    said = page.page.evaluate("window.told.length")
    page.expect_elapsed(16)
    page.press("Stop")
    page.expect_report()

    told = page.page.evaluate("window.told")
    assert [text for text in told[:said] if text] == ["Speaker 1 is speaking", "Speaker 2 is speaking"]
    assert told[said:] == ["The report is ready."]
    assert page.page.locator("#announcement").get_attribute("aria-live") == "polite"
    assert page.page.locator("#canvas").get_attribute("aria-label").startswith("Timeline: Speaker 1 ")


def test_corrections_are_told_and_marked(page):
    page.choose(file=DATA / "conversation.flac", speakers=3, fast=True)
    page.start()
    people = r"(nobody|Speaker \d( and Speaker \d)?( alone)?)"
    told = re.compile(rf"^\d+ corrections?; the latest: .* is {people}, not {people}\.$")
    expect(page.page.locator("#corrections")).to_have_text(told)
    page.expect_report()
    expect(page.page.locator("#corrections")).to_have_text(told)


def shown(begin, end):
    return f"{begin} \N{EN DASH} {end}"


def test_the_timeline_can_be_moved_and_followed_again(page):
    page.choose(file=DATA / "conversation.flac", speakers=3, fast=True)
    page.start()
    page.expect_report()
    seen = page.page.locator("#range")
    expect(seen).to_have_text(shown("0:00", "1:31"))
    for _ in range(2):
        page.press("Show less time")
    expect(seen).to_have_text(shown("0:25", "1:05"))
    box = page.page.locator("#canvas").bounding_box()
    page.page.mouse.move(box["x"] + 600, box["y"] + 40)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 300, box["y"] + 40, steps=5)
    page.page.mouse.up()
    expect(seen).not_to_have_text(shown("0:25", "1:05"))
    for _ in range(5):
        page.press("Show more time")
    expect(seen).to_have_text(re.compile("^0:00 "))
