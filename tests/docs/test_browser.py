"""docs/browser.md says of remembered voices what the page does, by the words that stand on it."""

import re
from importlib.resources import files

from speaker_tracker.settings import Settings
from support.pages import rows, section, text_of

TEXT = text_of("docs/browser.md")
VOICES = section(TEXT, "Voices known again")
BREAK = section(TEXT, "When the connection breaks")
PAGE = files("speaker_tracker") / "web"


def source(*path: str) -> str:
    return PAGE.joinpath(*path).read_text(encoding="utf-8")


def on_the_page(name: str) -> bool:
    sources = (source("index.html"), *(source("view", f"{view}.js") for view in ("remember-voice", "same-person", "speakers-view")))
    return any(name in each for each in sources)


def test_every_control_is_called_as_it_is_called_on_the_page():
    named = {" ".join(name.split()) for name in re.findall(r"(?<![*\w])\*([^*]+)\*(?![*\w])", VOICES)}
    assert {"Remember this voice on this device", "Forget all", "Recognize remembered voices"} <= named
    for name in named:
        assert on_the_page(name), name


def test_the_notes_on_people_found_again_are_those_of_the_page():
    for name in ("Recognized after the break", "Not the same person"):
        assert f"*{name}*" in " ".join(BREAK.split())
        assert on_the_page(name)


def test_as_many_voiceprints_of_a_name_are_kept_as_is_said():
    (most,) = re.findall(r"MAX_PER_NAME = (\d+);", source("voices", "remembered.js"))
    assert f"{['', 'One', 'Two', 'Three', 'Four', 'Five'][int(most)]} are kept of each name" in VOICES


def test_settings_for_whoever_runs_the_server_are_settings():
    named = {cells[0].strip("`") for cells in rows(section(TEXT, "For whoever runs the server"))}
    assert {"KNOWN_VOICES", "MAX_KNOWN_VOICES"} <= named
    assert {name.lower() for name in named} <= set(Settings.model_fields)
