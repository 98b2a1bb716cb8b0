import hashlib
import os
import platform
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from speaker_tracker import __version__
from speaker_tracker.cli import main as cli
from speaker_tracker.engine.chain import ChainError
from speaker_tracker.errors import UserError
from speaker_tracker.models.catalogue import EMBEDDED, HUB_FILES, HUB_ID, HUB_MODEL, HUB_REVISION, hub_folder


def run(*arguments):
    return CliRunner().invoke(cli.main, arguments)


@pytest.fixture
def failing(monkeypatch):
    """Makes ``stages`` fail with an exception."""

    def fail_with(error):
        @click.command
        def command():
            raise error

        monkeypatch.setattr(cli, "import_module", lambda _: type("module", (), {"command": command}))

    return fail_with


COMMANDS = [
    [],
    *([name] for name in cli.COMMANDS),
    *(["models", name] for name in ("list", "fetch", "export")),
    *(["voices", name] for name in ("list", "forget", "check")),
]
"""The arguments of every command and sub-command, the first of all included."""


def help_text(arguments, width=100):
    result = CliRunner(env={"COLUMNS": str(width)}).invoke(
        cli.main, [*arguments, "--help"], prog_name="speaker-tracker", terminal_width=width
    )
    assert result.exit_code == 0
    return result.stdout


def test_a_file_that_cannot_be_used_is_named_wherever_it_is_met(failing):
    failing(PermissionError(13, "Permission denied", "/a/file"))
    result = run("stages")
    assert (result.exit_code, result.stderr) == (1, "Error: /a/file cannot be used: Permission denied\n")


def test_help_lists_every_command():
    text = help_text([])
    for name, lazy in cli.COMMANDS.items():
        assert f"  {name} " in text
        assert lazy.summary in text


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_has_a_line_in_the_list(name):
    assert help_text([name]).startswith(f"Usage: speaker-tracker {name} [OPTIONS]")
    assert cli.COMMANDS[name].summary.endswith(".")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_help_fits_a_screen(arguments):
    lines = help_text(arguments).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_help_has_examples_that_are_commands(arguments, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", "what --config replaces, until the test is over")
    examples = help_text(arguments).split("Examples:\n")[1].splitlines()
    assert 2 <= len(examples) <= 4
    for line in examples:
        given = shlex.split(re.search(r"speaker-tracker ([^|>#)]+)", line)[1])
        assert given[: len(arguments)] == arguments
        parse(given)


def parse(given):
    """Raises where it is wrong usage."""
    context = cli.main.make_context("speaker-tracker", given)
    command = cli.main
    while isinstance(command, click.Group):
        name, command, given = command.resolve_command(context, given)
        context = command.make_context(name, list(given), parent=context)


def test_what_is_wrong_usage_does_not_parse():
    with pytest.raises(click.UsageError):
        parse(["models", "list", "--nonsense"])


def test_versions_of_dependencies_are_printed(clean_environment, monkeypatch, tmp_path):  # noqa: ARG001
    monkeypatch.setenv("SPEAKER_TRACKER_MODEL_CACHE", str(tmp_path))
    lines = run("--version").stdout.splitlines()
    assert lines[:3] == [f"speaker-tracker {__version__}", f"Python {platform.python_version()}", f"torch {version('torch')}"]
    assert f"silero-vad {version('silero-vad')}" in lines
    weights = hashlib.sha256((EMBEDDED / "embedding_model.ckpt").read_bytes()).hexdigest()[:12]
    assert lines[-1] == f"voice model ecapa-mini, comes with speaker-tracker (weights SHA-256 {weights})"


def test_the_version_of_a_fetched_model_is_its_revision(clean_environment, monkeypatch, tmp_path):  # noqa: ARG001
    monkeypatch.setenv("SPEAKER_TRACKER_MODEL_CACHE", str(tmp_path))
    folder = hub_folder(tmp_path)
    folder.mkdir(parents=True)
    for name in HUB_FILES:
        (folder / name).write_bytes(b"x")
    assert f"voice model {HUB_MODEL.name}, {HUB_ID} at {HUB_REVISION[:8]} (weights" in run("--version").stdout


def test_versions_are_printed_despite_invalid_settings(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_NONSENSE", "1")
    result = run("--version")
    assert result.exit_code == 0
    assert "voice model" in result.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["stages"], ["stages", "--help"], ["completion", "bash"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_below_standard_output_is_one_line(arguments, unbuffered):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "speaker_tracker", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, b"Error: standard output cannot be written: No space left on device\n")


def test_a_closed_pipe_is_not_reported_as_an_error():
    command = f"{shlex.quote(sys.executable)} -m speaker_tracker stages --json | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_a_closed_standard_output_is_no_error():
    done = subprocess.run(["bash", "-c", f"{shlex.quote(sys.executable)} -m speaker_tracker --version >&-"], check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["stages", "--nonsense"], ["stream"]])
def test_wrong_usage_is_status_2(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert re.fullmatch(r"Error: .+ \(see `main.* --help`\)\n", result.stderr)


@pytest.mark.parametrize("arguments", [[], ["models"]])
def test_a_command_that_lacks_another_shows_its_help(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Examples:" in result.stderr


@pytest.mark.parametrize("error", [UserError("no such thing"), ChainError("no such thing")])
def test_an_error_that_the_user_can_fix_is_one_line_and_status_1(failing, error):
    failing(error)
    result = run("stages")
    assert (result.exit_code, result.stderr, result.stdout) == (1, "Error: no such thing\n", "")


def test_an_unexpected_error_is_one_line_as_well(failing):
    failing(RuntimeError("first line\n  second line"))
    result = run("stages")
    assert result.exit_code == 1
    assert result.stderr == "Error: RuntimeError, which should not happen: first line second line\n"


def test_an_interruption_is_status_130(failing):
    failing(KeyboardInterrupt())
    result = run("stages")
    assert (result.exit_code, result.stderr) == (130, "Interrupted.\n")


def test_it_runs_as_a_module_too():
    result = subprocess.run([sys.executable, "-m", "speaker_tracker", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith(f"speaker-tracker {__version__}\n")
