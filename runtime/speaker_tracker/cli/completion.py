"""``speaker-tracker completion``: the script that lets a shell complete commands, options and file names."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from speaker_tracker.cli.help_text import PROGRAM, examples

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
VARIABLE = f"_{PROGRAM}_COMPLETE".replace("-", "_").upper()
"""Set by the script when it asks the program for completions; the name is click's."""


@click.command(
    short_help="Print the script by which a shell completes commands and options.",
    epilog=examples(
        'eval "$(speaker-tracker completion bash)"    # in ~/.bashrc',
        'eval "$(speaker-tracker completion zsh)"     # in ~/.zshrc, below compinit',
        "speaker-tracker completion fish | source     # in ~/.config/fish/config.fish",
    ),
)
@click.argument("shell", type=click.Choice(list(SHELLS)))
def command(shell: str) -> None:
    """Print the script by which SHELL completes commands, options and file names of speaker-tracker.

    Bash must be of version 4.4 or later.
    """
    script = SHELLS[shell](click.get_current_context().find_root().command, {}, PROGRAM, VARIABLE)
    # Not source(), which requires a bash on this machine, and so would not print a script for another machine.
    click.echo(script.source_template % script.source_vars())
