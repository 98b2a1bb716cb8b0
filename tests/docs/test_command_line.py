"""What docs/command-line.md says is complete."""

import re

import click
import pytest

from speaker_tracker.cli.main import COMMANDS, main
from speaker_tracker.evaluation.results import ConversationResult, as_json
from speaker_tracker.evaluation.scoring import DiarizationError
from speaker_tracker.results.formats import FORMATS
from speaker_tracker.results.latency import LatencyHistogram
from support.pages import text_of

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
