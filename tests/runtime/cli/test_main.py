import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from speaker_tracker import __version__
from speaker_tracker.chain import ChainError
from speaker_tracker.cli import main as cli
from speaker_tracker.errors import UserError


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


def test_help_lists_every_command():
    result = run("--help")
    assert result.exit_code == 0
    for name in ("serve", "stream", "diarize", "evaluate", "stages", "models"):
        assert name in result.stdout


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_has_help_whose_first_line_the_list_repeats(name):
    result = run(name, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: main {name} [OPTIONS]")
    assert cli.COMMANDS[name].summary.endswith(".")


def test_the_version_is_told():
    assert run("--version").stdout == f"speaker-tracker, version {__version__}\n"


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["stages", "--nonsense"], ["stream"]])
def test_wrong_usage_is_status_2(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


@pytest.mark.parametrize("error", [UserError("no such thing"), ChainError("no such thing")])
def test_what_the_user_can_mend_is_one_line_and_status_1(failing, error):
    failing(error)
    result = run("stages")
    assert (result.exit_code, result.stderr, result.stdout) == (1, "Error: no such thing\n", "")


def test_what_nobody_foresaw_is_one_line_as_well(failing):
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
    assert result.stdout == f"speaker-tracker, version {__version__}\n"
