"""Completion as users have it: the script in a real shell, keys typed into it."""

import os
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from support.needed_programs import needed
from support.terminal import Terminal

QUIET = {"PS1": "$ ", "LANG": "C.UTF-8", "HISTFILE": ""}


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Makes the command be found, and the folder that it is called in hold two files."""
    programs = tmp_path / "bin"
    programs.mkdir()
    command = programs / "speaker-tracker"
    command.write_text(f"#!{sys.executable}\nfrom speaker_tracker.cli.main import main\n\nmain()\n")  # as pip makes it
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "talk.flac").touch()
    (folder / "other.txt").touch()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def bash(path):  # noqa: ARG001
    terminal = Terminal([needed("bash"), "--norc", "--noprofile", "-i"], columns=120, **QUIET)
    terminal.type('eval "$(speaker-tracker completion bash)"; clear; echo rea""dy\n')
    terminal.shows("ready")
    yield terminal
    terminal.close()


@pytest.fixture
def zsh(path):  # noqa: ARG001
    terminal = Terminal([needed("zsh"), "-f", "-i"], columns=120, **QUIET)
    terminal.type('autoload -Uz compinit && compinit -u -D; eval "$(speaker-tracker completion zsh)"; clear; echo rea""dy\n')
    terminal.shows("ready")
    yield terminal
    terminal.close()


TYPED = [
    ("speaker-tracker dia\t", "speaker-tracker diarize "),
    ("speaker-tracker stream --num\t", "speaker-tracker stream --num-speakers "),
    ("speaker-tracker diarize ta\t", "speaker-tracker diarize talk.flac "),
    ("speaker-tracker stream ta\t", "speaker-tracker stream talk.flac "),
    ("speaker-tracker stream mi\t", "speaker-tracker stream mic "),
    ("speaker-tracker diarize talk.flac --format aud\t", "speaker-tracker diarize talk.flac --format audacity "),
    ("speaker-tracker models ex\t", "speaker-tracker models export "),
    ("speaker-tracker completion zs\t", "speaker-tracker completion zsh "),
]


@pytest.mark.parametrize(("typed", "wanted"), TYPED)
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_completes_commands_options_values_and_files(request, shell, typed, wanted):
    terminal = request.getfixturevalue(shell)
    terminal.type(typed)
    terminal.shows(f"$ {wanted.rstrip()}")


@pytest.mark.parametrize("shell", ["bash", "zsh"])  # click's script for fish takes no value with a comma
def test_the_last_of_several_formats_is_completed(request, shell):
    terminal = request.getfixturevalue(shell)
    terminal.type("speaker-tracker diarize talk.flac --format rttm,aud\t")
    terminal.shows("$ speaker-tracker diarize talk.flac --format rttm,audacity")


def test_bash_lists_what_may_follow(bash):
    bash.type("speaker-tracker \t")
    time.sleep(0.5)  # a second tab lists, where the first could not decide
    bash.type("\t")
    bash.shows("serve", "stream", "diarize", "evaluate-embedding", "completion")


@pytest.mark.parametrize(("typed", "wanted"), TYPED)
def test_fish_completes_commands_options_values_and_files(path, typed, wanted):
    line = typed.rstrip("\t")
    script = f"speaker-tracker completion fish | source; complete -C '{line}'"
    environment = {**os.environ, "HOME": str(path), "XDG_CONFIG_HOME": str(path), "XDG_DATA_HOME": str(path)}
    done = subprocess.run(
        [needed("fish"), "--no-config", "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    offered = [completion.split("\t")[0] for completion in done.stdout.splitlines()]
    assert offered == [wanted.split()[-1]]


def test_no_command_is_imported_for_its_name():
    code = """
import os, sys
os.environ.update(_SPEAKER_TRACKER_COMPLETE="bash_complete", COMP_WORDS="speaker-tracker s", COMP_CWORD="1")
from speaker_tracker.cli.main import main
try:
    main(prog_name="speaker-tracker")
finally:
    print(*(name for name in sys.modules if name.startswith("speaker_tracker.cli.")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    *completions, imported = done.stdout.splitlines()
    assert completions == ["plain,serve", "plain,stream", "plain,stages"]
    assert imported.split() == ["speaker_tracker.cli.help_text", "speaker_tracker.cli.main"]


def test_another_shell_is_wrong_usage():
    result = CliRunner().invoke(main, ["completion", "tcsh"])
    assert result.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in result.stderr
