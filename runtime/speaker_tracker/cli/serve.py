"""``speaker-tracker serve``: the WebSocket server."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from speaker_tracker.cli.common import config_option, settings_from
from speaker_tracker.cli.help_text import examples
from speaker_tracker.engine.cores import have_libraries_use_one_thread
from speaker_tracker.server import binding
from speaker_tracker.server.admission import Admission
from speaker_tracker.server.exposure import exposure_warning
from speaker_tracker.server.logs import configure_logging
from speaker_tracker.server.process import Surroundings, end_by_signals_while_loading, serve_here

logger = logging.getLogger(__name__)


def _names(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [name.strip() for name in value.split(",") if name.strip()]


@click.command(
    "serve",
    epilog=examples(
        "speaker-tracker serve --host 0.0.0.0 --workers 4",
        "SPEAKER_TRACKER_TOKENS=sesame speaker-tracker serve --tls-cert cert.pem --tls-key key.pem",
        "speaker-tracker serve --config settings.toml",
    ),
)
@click.option("--host", help="Address to listen on; 0.0.0.0 for all.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1, 256), help="Server processes.  [default: 1]")
@click.option("--tls-cert", type=click.Path(path_type=Path), metavar="FILE", help="PEM certificate chain; needs --tls-key.")
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="PEM private key.")
@click.option("--stages", callback=_names, metavar="NAME,NAME,...", help="The chain: names of stages, in order.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="[default: info]")
@config_option
def command(**given: Any) -> None:
    """Serve live speaker tracking on a WebSocket.

    Options override environment variables (SPEAKER_TRACKER_PORT and so on), which override the file named by --config.
    SIGTERM or Ctrl-C lets running sessions get their report and then ends; a second one ends at once.
    """
    have_libraries_use_one_thread()
    settings = settings_from(**given)
    configure_logging(settings.log_level, settings.log_format)
    Admission(settings)  # a file of tokens that cannot be used is told before models are loaded
    config = binding.hypercorn_config(settings)
    sockets = binding.bind(config, settings)
    url = binding.url(sockets)
    if (warning := exposure_warning(settings, sockets)) is not None:
        logger.warning("%s", warning)
    try:
        if settings.workers > 1:
            from speaker_tracker.server.supervisor import Supervisor  # noqa: PLC0415 - only where there are several

            Supervisor(settings, sockets).run()
            return
        end_by_signals_while_loading()
        serve_here(settings, config, sockets, Surroundings(lambda in_use: logger.info("serving on %s; %s", url, in_use)))
    finally:
        binding.close(sockets)
