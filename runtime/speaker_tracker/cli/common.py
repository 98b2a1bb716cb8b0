"""Common parts of the commands: settings from options, the ``--config`` option."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from speaker_tracker.settings import CONFIG_VARIABLE, Settings, load_settings


class NamedPath(click.Path):
    """A path that is not empty, as it would be from an unset shell variable: Python takes that as the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Converts as click does. Raises ``click.BadParameter``."""
        if not os.fspath(value):
            self.fail("it is empty; name a file or a folder, '.' for this one", param, ctx)
        return super().convert(value, param, ctx)


CommandFunction = TypeVar("CommandFunction", bound=Callable[..., Any])


def settings_from(**given: Any) -> Settings:
    """Settings in which options of the command line have priority; ``None`` stands for an option that was not given.

    Raises ``SettingsError``.
    """
    return load_settings(**{name: value for name, value in given.items() if value is not None})


def check_picture(path: Path) -> None:
    """Raises ``click.UsageError`` if ``--plot`` does not name a PNG file, and ``MissingExtraError`` if none can be drawn."""
    from speaker_tracker.results import plot  # noqa: PLC0415 - brings NumPy, which most commands do without

    if path.suffix.lower() != ".png":
        raise click.UsageError(f"--plot draws PNG pictures; name a file that ends in .png, not {path.name!r}")
    plot.check_installed()


def _use_config_file(_context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        os.environ[CONFIG_VARIABLE] = value


def config_option(function: CommandFunction) -> CommandFunction:
    """Adds ``--config FILE``, which has priority over the environment variable ``SPEAKER_TRACKER_CONFIG``."""
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(),
        callback=_use_config_file,
        expose_value=False,
        is_eager=True,
        help="TOML file with settings.",
    )(function)
