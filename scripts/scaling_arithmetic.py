"""Computes what many live sessions take, from figures measured on one machine; prints the table of docs/scaling.md.

    python scripts/scaling_arithmetic.py [SESSIONS ...] [--core-seconds S] [--sessions-per-core N] ...

Cores are the sessions, and a reserve, over those that one core carries in time. How busy these are follows from the CPU time of
a second of audio. All else is multiplication.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import TypeAlias

SECONDS_AN_HOUR = 3600
MINUTES_AN_HOUR = 60
WHOLE_FROM = 100


INPUTS: dict[str, tuple[float, str]] = {
    "sessions_per_core": (24.0, "live sessions that a core carries with labels in time"),
    "core_seconds": (0.031, "core-seconds for a second of audio of a live session"),
    "session_mb": (5.9, "memory of a session, MB"),
    "server_mb": (600.0, "memory of a server process without sessions, MB"),
    "in_kbits": (256.0, "audio of a session, kbit/s"),
    "frames": (10.0, "frames of a session in a second"),
    "out_messages": (2.0, "messages to a client in a second"),
    "out_kbits": (1.4, "messages to a client, kbit/s"),
    "image_gb": (1.52, "container image, GB"),
    "series": (64.0, "time series of a server in Prometheus"),
    "remote_kbits": (1536.0, "speech of a session from a front end to a voice model, where Ray has it, kbit/s"),
    "cores_per_server": (2.0, "cores of a server, a pod"),
    "cores_per_machine": (64.0, "cores of a machine"),
    "reserve": (0.3, "reserve, as a share: for peaks, for updates, for machines that fail"),
    "session_minutes": (30.0, "length of a session, minutes"),
    "price": (0.04, "price of a core-hour, US dollars"),
}
"""Default and description of each figure."""


def up(value: float) -> int:
    """The next whole number, but for what rounding adds."""
    return math.ceil(round(value, 6))


Figures: TypeAlias = argparse.Namespace
"""A value for each name of ``INPUTS``."""

ROWS: dict[str, Callable[[int, Figures], float]] = {
    "cores": lambda n, f: up(n * (1 + f.reserve) / f.sessions_per_core),
    "of these busy": lambda n, f: up(n * f.core_seconds),
    "servers (pods)": lambda n, f: up(cores(n, f) / f.cores_per_server),
    "sessions of a server": lambda n, f: n / servers(n, f),
    "machines": lambda n, f: up(cores(n, f) / f.cores_per_machine),
    "memory, GB": lambda n, f: (servers(n, f) * f.server_mb + n * f.session_mb) / 1000,
    "audio in, Gbit/s": lambda n, f: n * f.in_kbits / 1e6,
    "frames in, a second": lambda n, f: n * f.frames,
    "messages out, a second": lambda n, f: n * f.out_messages,
    "messages out, Gbit/s": lambda n, f: n * f.out_kbits / 1e6,
    "sessions that begin, a second": lambda n, f: n / (f.session_minutes * SECONDS_AN_HOUR / MINUTES_AN_HOUR),
    "image pulls of a roll-out, TB": lambda n, f: ROWS["machines"](n, f) * f.image_gb / 1000,
    "time series": lambda n, f: servers(n, f) * f.series,
    "speech to voice models by Ray, Gbit/s": lambda n, f: n * f.remote_kbits / 1e6,
    "cost of cores, $ an hour": lambda n, f: cores(n, f) * f.price,
    "for a session of an hour, cents": lambda n, f: 100 * cores(n, f) * f.price / n,
}
"""What is computed, from the number of sessions and the figures."""


def cores(sessions: int, figures: Figures) -> float:
    """Cores for so many sessions."""
    return ROWS["cores"](sessions, figures)


def servers(sessions: int, figures: Figures) -> float:
    """Servers for so many sessions."""
    return ROWS["servers (pods)"](sessions, figures)


def written(value: float) -> str:
    """A number with three digits, or without a fraction where it has more; thousands are set apart."""
    if value >= WHOLE_FROM or value == int(value):
        return f"{round(value):,}"
    return f"{value:.3g}"


def positive(text: str) -> float:
    """A number above zero."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return value


def tables(numbers: list[int], figures: Figures) -> str:
    """The tables of inputs and of results, in Markdown."""
    lines = ["| input | |", "| --- | --- |"]
    lines += [f"| {text} | {written(getattr(figures, name))} |" for name, (_, text) in INPUTS.items()]
    lines += ["", "| live sessions | " + " | ".join(map(written, numbers)) + " |", "| --- |" + " ---: |" * len(numbers)]
    lines += [f"| {name} | " + " | ".join(written(row(n, figures)) for n in numbers) + " |" for name, row in ROWS.items()]
    return "\n".join(lines)


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sessions", type=int, nargs="*", default=[1_000, 100_000, 1_000_000], help="1000 100000 1000000")
    for name, (default, text) in INPUTS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=positive, default=default, metavar="N", help=f"{text} ({default:g})"
        )
    given = parser.parse_args()
    if any(sessions < 1 for sessions in given.sessions):
        parser.error("SESSIONS is a number of 1 or more")
    print(tables(given.sessions, given))


if __name__ == "__main__":
    main()
