"""The comparison with the plain way: two servers in turns, with the same sessions."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from speaker_tracker.benchmark.clients import Clients
from speaker_tracker.benchmark.measured_server import MeasuredServer, chain_overrides, serving
from speaker_tracker.benchmark.plain import PLAIN_OPTIONS, PLAIN_SETTINGS, PLAIN_STAGES
from speaker_tracker.benchmark.server_plugin import PLAIN
from speaker_tracker.benchmark.steps import Live, Note, Step, measured_step
from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.settings import Settings

SESSIONS = 4
"""Sessions of the plain way: so few that it keeps up on a small machine. With more, its time per second of audio is the same."""


@dataclass(slots=True)
class Comparison:
    """Steps of the server as it is (``own``) and of the plain way, in pairs of the same sessions."""

    own: list[Step] = field(default_factory=list)
    plain: list[Step] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """For each pair, the CPU time of the plain way per second of audio, divided by the server's own."""
        pairs = ((own.server.cpu_per_audio, plain.server.cpu_per_audio) for own, plain in zip(self.own, self.plain, strict=True))
        return [plain / own for own, plain in pairs if own and plain]

    @property
    def ratio(self) -> tuple[float, float, float] | None:
        """Median, least and most of the ratios; None where no audio was processed."""
        ratios = self.ratios
        return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def plain_overrides(settings: Settings) -> dict[str, Any]:
    """The settings by which a server runs the configured chain the plain way."""
    plugins = PluginManager(settings.blocked_plugins)
    stages = [PLAIN_STAGES.get(name, name) for name in settings.stages]
    options = {name: dict(values) for name, values in settings.stage_options.items()}
    for original, plain in PLAIN_STAGES.items():
        if original in settings.stages and plain not in settings.stages:
            known = plugins.stages[plain].spec.options.model_fields
            kept = {option: value for option, value in options.get(original, {}).items() if option in known}
            options[plain] = {**kept, **options.get(plain, {})}
    for name in stages:
        options[name] = {**options.get(name, {}), **PLAIN_OPTIONS.get(name, {})}
    return {**chain_overrides(stages, options, PLAIN), **PLAIN_SETTINGS}


@contextmanager
def plain_server(settings: Settings) -> Iterator[MeasuredServer]:
    """A server that works the plain way, as ``serving``."""
    with serving(settings, plain_overrides(settings)) as server:
        yield server


def compared(  # noqa: PLR0913, PLR0917 - two servers, their load, and who is told
    servers: tuple[MeasuredServer, MeasuredServer], clients: Clients, sessions: int, live: Live, rounds: int, tell: Note
) -> Comparison:
    """Measures a server, with ``sessions``, and a plain one in turns, for ``rounds`` pairs. Raises ``BenchmarkError``."""
    own, plain = servers
    found = Comparison()
    for number in range(rounds):
        found.own.append(measured_step(own, clients, sessions, live, seed=number))
        found.plain.append(measured_step(plain, clients, SESSIONS, live, seed=number))
        told = f"takes {found.ratios[-1]:.2f} times the CPU time" if found.ratios else "handled no audio"
        tell(f"pair {number + 1} of {rounds}: the plain way {told}")
    return found
