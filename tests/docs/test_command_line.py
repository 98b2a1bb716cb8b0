"""What docs/command-line.md says is complete."""

import json
import re

import click
import pytest

from speaker_tracker.cli.main import COMMANDS, main
from speaker_tracker.cli.voices.options import LIMITS
from speaker_tracker.cli.voices.voices_file import MAX_PRINTS, MODE, read_voices, write_voices
from speaker_tracker.evaluation.results import ConversationResult, as_json
from speaker_tracker.evaluation.scoring import DiarizationError
from speaker_tracker.results.enrolment import OTHER_SECONDS, OTHER_SHARE
from speaker_tracker.results.formats import FORMATS
from speaker_tracker.results.latency import LatencyHistogram
from support.pages import blocks, text_of

TEXT = text_of("docs/command-line.md")


def section(heading):
    (part,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    return part


def options(command):
    """Of a command and those below it, as they are written."""
    if isinstance(command, click.Group):
        return [option for below in command.commands.values() for option in options(below)]
    return [option for parameter in command.params if isinstance(parameter, click.Option) for option in parameter.opts]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section_with_every_option(name):
    command = main.get_command(click.Context(main), name)
    text = re.sub(r"```.*?```", "", section(f"`{name}`"), flags=re.DOTALL)
    documented = {word for code in re.findall(r"`([^`]+)`", text) for word in code.split()}
    assert set(options(command)) <= documented
    assert f"(#{name})" in TEXT


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_is_described_that_there_is_not(name):
    command = main.get_command(click.Context(main), name)
    rows = [line.split("|")[1] for line in section(f"`{name}`").splitlines() if line.startswith("| `")]
    described = {option for row in rows for option in re.findall(r"--[\w-]+", row)}
    assert described <= set(options(command))


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_every_format_is_described_with_its_file(form):
    assert f"| `{form.name}` | `NAME{form.suffix}` |" in section("`diarize`")


def test_the_parts_of_the_document_of_evaluate_are_named():
    error = DiarizationError()
    result = ConversationResult("talk", "talks", 2, 2, 60.0, 6.0, error, error, LatencyHistogram())
    (figures,) = as_json([result])["files"]
    named = set(re.findall(r"`(\w+)`", section("`evaluate`")))
    assert {"online", "final", "detection", "changes", "confusionNearChanges"} <= named & set(figures)


def test_the_voices_file_is_as_shown(tmp_path):
    (example,) = blocks(section("Known voices"), "json")
    path = tmp_path / "voices.json"
    path.write_text(example)
    voices = read_voices(path)
    assert voices.names == ["Anna"]
    write_voices(tmp_path / "again.json", voices)
    assert json.loads((tmp_path / "again.json").read_text()) == json.loads(example)


def test_the_figures_of_voices_are_those_of_the_code():
    known, enrolled = (" ".join(section(name).split()) for name in ("Known voices", "`enroll`"))
    assert f"Up to {MAX_PRINTS} are kept of a person" in known
    assert f"One session takes {LIMITS.max_voices}:" in known
    assert f"mode {MODE:o};" in known
    assert f"up to {LIMITS.max_name_length} characters" in enrolled
    assert f"up to {MAX_PRINTS} recordings" in enrolled
    assert f"Less than {OTHER_SECONDS} s of another voice, or than {OTHER_SHARE:.0%}".replace("%", " %") in enrolled
