"""What docs/command-line.md says is complete, and its examples are commands."""

import re
import shlex
from pathlib import Path

import click
import pytest

from speaker_tracker.cli.main import COMMANDS, main
from speaker_tracker.results.formats import FORMATS

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "command-line.md").read_text(encoding="utf-8")
EXAMPLES = [
    line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines() if "speaker-tracker" in line
]


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


@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_are_commands(line, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", "what --config replaces, until the test is over")
    given = shlex.split(re.search(r"speaker-tracker ([^|>#)]+)", line)[1])
    context, command = main.make_context("speaker-tracker", given), main
    while isinstance(command, click.Group):
        name, command, given = command.resolve_command(context, given)
        context = command.make_context(name, list(given), parent=context)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)", TEXT))))
def test_links_lead_somewhere(target):
    assert (DOCS / target).exists()
