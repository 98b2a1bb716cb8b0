"""``speaker-tracker token``: tokens that open sessions for a short time."""

from __future__ import annotations

import re

import click

from speaker_tracker.cli.common import config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.server.signed_tokens import DEFAULT_NAME, MAX_TTL_SECONDS, TokenSigner
from speaker_tracker.server.token_file import NAME
from speaker_tracker.settings import MIN_SECRET_LENGTH, PREFIX, SettingsError

DEFAULT_TTL_SECONDS = 60


def _checked_name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(NAME, value):
        raise click.BadParameter("a name has letters, digits and any of ._@- and 64 characters at most")
    return value


@click.command(
    "token",
    epilog=examples(
        "speaker-tracker token",
        "speaker-tracker token --ttl 3600 --name kiosk",
        "speaker-tracker token --once --name page",
    ),
)
@click.option(
    "--ttl",
    type=click.IntRange(1, MAX_TTL_SECONDS),
    default=DEFAULT_TTL_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long it opens sessions; these may last longer.",
)
@click.option(
    "--name", default=DEFAULT_NAME, show_default=True, callback=_checked_name, help="Name for the server's log; no secret."
)
@click.option("--once", is_flag=True, help="Have it open one session only.")
@config_option
def command(ttl: int, name: str, once: bool) -> None:
    """Print a token that is signed by the secret of SPEAKER_TRACKER_TOKEN_SECRET.

    Every server with the same secret takes it. The server is not asked, and none needs to run.
    """
    keys = [key.get_secret_value() for key in settings_from().token_secret]
    if not keys:
        raise SettingsError(
            f"{PREFIX}TOKEN_SECRET is not set; set it, here and for the server, to {MIN_SECRET_LENGTH} random characters or more, "
            f"such as those of: openssl rand -hex 32"
        )
    click.echo(TokenSigner(keys).make(ttl, name, once=once))
