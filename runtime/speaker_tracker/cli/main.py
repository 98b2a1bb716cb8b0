"""The command ``speaker-tracker``. Commands are imported when they are run, so that one does not load what another needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import click

from speaker_tracker import __version__
from speaker_tracker.errors import UserError

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the number of SIGINT."""


class LazyCommand(NamedTuple):
    """``module``: has the command as ``command``. ``summary``: its line in the help text, without importing it."""

    module: str
    summary: str


COMMANDS = {
    "serve": LazyCommand("speaker_tracker.cli.serve", "Run the server."),
    "stream": LazyCommand("speaker_tracker.cli.stream", "Stream an audio file to a running server."),
    "diarize": LazyCommand("speaker_tracker.cli.diarize", "Tell who speaks when in audio files, without a server."),
    "evaluate": LazyCommand(
        "speaker_tracker.cli.evaluate", "Measure accuracy, latency and speed on conversations with references."
    ),
    "evaluate-embedding": LazyCommand(
        "speaker_tracker.cli.evaluate_embedding", "Measure how well the voice model tells speakers apart."
    ),
    "stages": LazyCommand("speaker_tracker.cli.stages", "Show the stages and observers as configured, and every option."),
    "models": LazyCommand("speaker_tracker.cli.models", "List and fetch speaker embedding models."),
}


class CommandLine(click.Group):
    """A group whose commands are imported when they are run, and whose failures are one line and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Imports one command; None where there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name].module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands in the help text."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.summary) for name, lazy in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command. Whatever goes wrong becomes one line on standard error: 1, or 2 for wrong usage, 130 for Ctrl-C."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except UserError as error:
            raise click.ClickException(_one_line(error)) from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            raise click.ClickException(f"{type(error).__name__}, which should not happen: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="speaker-tracker")
def main() -> None:
    """Tells, live, who is speaking."""
