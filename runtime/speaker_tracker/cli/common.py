"""What the commands share: settings from options, failures told in one sentence, the ``--config`` option."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from speaker_tracker.assembly import build_chain
from speaker_tracker.chain import Chain, ChainError
from speaker_tracker.plugins import PluginError
from speaker_tracker.settings import CONFIG_VARIABLE, Settings, SettingsError, load_settings

CommandFunction = TypeVar("CommandFunction", bound=Callable[..., Any])


class CommandError(click.ClickException):
    """A command cannot do what was asked: one sentence on standard error, exit status 1."""

    exit_code = 1


@contextmanager
def told_in_one_sentence(*expected: type[Exception]) -> Iterator[None]:
    """Within it wrong settings, plugins and chains, and exceptions of the types ``expected``, become a ``CommandError``.

    What they say is shown as it is, on one line.
    """
    told: tuple[type[Exception], ...] = (SettingsError, PluginError, ChainError, *expected)
    try:
        yield
    except told as error:
        raise CommandError(" ".join(str(error).split())) from error


def settings_from(**given: Any) -> Settings:
    """Settings where options of the command line go first; ``None`` stands for an option that was not given.

    Raises ``CommandError``.
    """
    with told_in_one_sentence():
        return load_settings(**{name: value for name, value in given.items() if value is not None})


def load_chain(settings: Settings) -> Chain:
    """The configured chain with its models loaded. Raises ``CommandError``."""
    with told_in_one_sentence():
        return build_chain(settings)


def _use_config_file(_context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        os.environ[CONFIG_VARIABLE] = value


def config_option(function: CommandFunction) -> CommandFunction:
    """Adds ``--config FILE``, which goes before the environment variable ``SPEAKER_TRACKER_CONFIG``."""
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(),
        callback=_use_config_file,
        expose_value=False,
        is_eager=True,
        help="TOML file with settings.",
    )(function)
