"""The command ``speaker-tracker``. Commands are imported when they are run, so that one does not load what another needs."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import IO, Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from speaker_tracker.cli.help_text import HELP_WIDTH, PROGRAM, examples
from speaker_tracker.errors import UserError

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the number of SIGINT."""

NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What writing to standard output fails with where it is a file and a disk is full or broken."""


class LazyCommand(NamedTuple):
    """``module``: has the command as ``command``. ``summary``: its line in the help text, without importing it."""

    module: str
    summary: str


COMMANDS = {
    "serve": LazyCommand("speaker_tracker.cli.serve", "Run the server."),
    "stream": LazyCommand(
        "speaker_tracker.cli.stream.command", "Stream a file, a microphone or another program's audio to a server."
    ),
    "diarize": LazyCommand("speaker_tracker.cli.diarize", "Tell who speaks when in audio files, without a server."),
    "evaluate": LazyCommand(
        "speaker_tracker.cli.evaluate", "Measure accuracy, latency and speed on conversations with references."
    ),
    "evaluate-embedding": LazyCommand(
        "speaker_tracker.cli.evaluate_embedding", "Measure how well the voice model tells speakers apart."
    ),
    "stages": LazyCommand("speaker_tracker.cli.stages", "Show the stages and observers as configured, and every option."),
    "models": LazyCommand("speaker_tracker.cli.models", "List, fetch and export speaker embedding models."),
    "completion": LazyCommand("speaker_tracker.cli.completion", "Print the script by which a shell completes commands."),
}


class StandardOutputError(UserError):
    """What should be printed could not be."""


class WrongUsage(click.UsageError):
    """Wrong usage in one line, without the lines about usage that click puts before it. ``from_error``: click's own."""

    @classmethod
    def from_error(cls, error: click.UsageError) -> WrongUsage:
        """The same, with the command whose help tells more."""
        asked = error.ctx.command_path if error.ctx is not None else PROGRAM
        return cls(f"{_one_line(error.format_message())} (see `{asked} --help`)", error.ctx)

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints the line."""
        click.echo(f"Error: {self.message}", file=file or sys.stderr)


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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands, none of which is imported for that, and options."""
        names = [CompletionItem(name, help=lazy.summary) for name, lazy in COMMANDS.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Reads the command line; ``--help`` and ``--version`` are answered here."""
        try:
            with _standard_output_checked():
                return super().make_context(*arguments, **extra)
        except StandardOutputError as error:
            raise click.ClickException(str(error)) from error
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise WrongUsage.from_error(error) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command. Whatever goes wrong becomes one line on standard error: 1, or 2 for wrong usage, 130 for Ctrl-C."""
        try:
            with _standard_output_checked():
                return super().invoke(ctx)
        except click.UsageError as error:
            if isinstance(error, click.exceptions.NoArgsIsHelpError):
                raise
            raise WrongUsage.from_error(error) from error
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except UserError as error:
            raise click.ClickException(_one_line(str(error))) from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            raise click.ClickException(_unexpected(error)) from error


@contextmanager
def _standard_output_checked() -> Iterator[None]:
    """Raises ``StandardOutputError`` where standard output takes nothing more, such as that of a full disk."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may hold what is no text
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # An error of a file that is written by its name tells the name.
        if error.errno not in NO_ROOM or error.filename is not None:
            raise
        _give_up_standard_output()
        raise StandardOutputError(f"standard output cannot be written: {error.strerror}") from error


def _give_up_standard_output() -> None:
    """Lets go of what is still to be written, at which the interpreter would fail again when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _unexpected(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{os.fsdecode(error.filename)} cannot be used: {error.strerror}"
    return f"{type(error).__name__}, which should not happen: {_one_line(str(error))}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _print_versions(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from speaker_tracker.cli.versions import version_lines  # noqa: PLC0415 - reads settings and models, for this alone

    for line in version_lines():
        click.echo(line)
    context.exit()


@click.group(
    cls=CommandLine,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": HELP_WIDTH},
    epilog=examples(
        f"{PROGRAM} serve",
        f"{PROGRAM} stream talk.flac --num-speakers 3",
        f"{PROGRAM} diarize recordings/ --output-dir results --format rttm,csv",
    ),
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_versions,
    help="Show the versions of this program, of what it computes with and of its voice model, and exit.",
)
def main() -> None:
    """Tells, live, who is speaking."""
