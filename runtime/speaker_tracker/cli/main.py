"""The command ``speaker-tracker``. Subcommands are imported when they are run, so that each loads only what it needs."""

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
"""Exit status after Ctrl-C by the convention of shells: 128 plus the number of SIGINT."""

NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC))
"""Errors of writing to standard output if it is a file on a full or broken disk."""


class LazyCommand(NamedTuple):
    """``module``: contains the command as ``command``. ``summary``: its line in the help text, available without import."""

    module: str
    summary: str


COMMANDS = {
    "serve": LazyCommand("speaker_tracker.cli.serve", "Run the server."),
    "stream": LazyCommand(
        "speaker_tracker.cli.stream.command", "Stream a file, a microphone or another program's audio to a server."
    ),
    "diarize": LazyCommand("speaker_tracker.cli.diarize", "Tell who speaks when in audio files, without a server."),
    "label": LazyCommand("speaker_tracker.cli.label", "Tell who says each word of a transcript, of Whisper or others."),
    "enroll": LazyCommand("speaker_tracker.cli.voices.enroll", "Keep the voice of a person, to know them again."),
    "voices": LazyCommand("speaker_tracker.cli.voices.command", "List and forget known voices, and check who of them speaks."),
    "evaluate": LazyCommand(
        "speaker_tracker.cli.evaluate", "Measure accuracy, latency and speed on conversations with references."
    ),
    "evaluate-embedding": LazyCommand(
        "speaker_tracker.cli.evaluate_embedding", "Measure how well the voice model tells speakers apart."
    ),
    "bench": LazyCommand("speaker_tracker.cli.bench", "Measure delay, CPU time and memory of live sessions on this machine."),
    "stages": LazyCommand("speaker_tracker.cli.stages", "Show the stages and observers as configured, and every option."),
    "token": LazyCommand("speaker_tracker.cli.token", "Make a token that opens sessions for a short time."),
    "models": LazyCommand("speaker_tracker.cli.models", "List, fetch and export speaker embedding models."),
    "completion": LazyCommand("speaker_tracker.cli.completion", "Print the script by which a shell completes commands."),
}


class StandardOutputError(UserError):
    """Standard output could not be written."""


class WrongUsage(click.UsageError):
    """A usage error printed on one line, without the usage lines of click. ``from_error``: converts click's error."""

    @classmethod
    def from_error(cls, error: click.UsageError) -> WrongUsage:
        """Converts ``error``, adding the command whose help has details."""
        asked = error.ctx.command_path if error.ctx is not None else PROGRAM
        return cls(f"{_one_line(error.format_message())} (see `{asked} --help`)", error.ctx)

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints the line."""
        click.echo(f"Error: {self.message}", file=file or sys.stderr)


class CommandLine(click.Group):
    """A group that imports its commands lazily and reports failures as one line and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Imports one command; None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name].module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Writes the list of commands in the help text."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.summary) for name, lazy in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Completes options and names of commands, without importing these."""
        names = [CompletionItem(name, help=lazy.summary) for name, lazy in COMMANDS.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """Parses the command line; ``--help`` and ``--version`` are handled here."""
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
        """Runs a command. A failure becomes one line on standard error and exit status 1, or 2 for wrong usage, 130 for Ctrl-C."""
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
    """Raises ``StandardOutputError`` if standard output cannot be written, such as on a full disk."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may contain surrogates
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # An error of a named file contains the name.
        if error.errno not in NO_ROOM or error.filename is not None:
            raise
        _give_up_standard_output()
        raise StandardOutputError(f"standard output cannot be written: {error.strerror}") from error


def _give_up_standard_output() -> None:
    """Discards unwritten output, on which the interpreter would fail again at its end."""
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
    from speaker_tracker.cli.versions import version_lines  # noqa: PLC0415 - needed for this option only

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
    help="Show the versions of this program, its main dependencies and its voice model, and exit.",
)
def main() -> None:
    """Live speaker diarization: who is speaking, while they speak."""
