"""Pictures of results: delay and CPU time over the number of sessions, or over the hours of a long session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from speaker_tracker.benchmark.documents import OUTSIDE
from speaker_tracker.benchmark.soak import HOUR, SoakResult
from speaker_tracker.benchmark.steps import LoadResult
from speaker_tracker.benchmark.usage import Usage
from speaker_tracker.results.colours import COLOURS
from speaker_tracker.results.panel import OTHER_COLOUR, OVERLAP_COLOUR
from speaker_tracker.results.plot import DPI, GRID, INK, PAGE_INCHES, figure_type

HEIGHT_INCHES = 6.4
FEW_TICKS = 12


def load_chart(result: LoadResult) -> bytes:
    """A PNG: percentiles of the delay above, CPU time by stage below. Raises ``MissingExtraError``."""
    steps = sorted(result.steps, key=lambda step: step.sessions)
    figure, (above, below) = _two_panels()
    for name, colour in zip(("p50", "p95", "p99"), COLOURS, strict=False):
        heard = [(step.sessions, getattr(step.clients.delays, name)) for step in steps if step.clients.delays is not None]
        above.plot([x for x, _ in heard], [y for _, y in heard], ".-", color=colour, label=name)
    above.axhline(result.target_ms, color=OVERLAP_COLOUR, linewidth=0.9, linestyle="--", label=f"target {result.target_ms:g} ms")
    above.set_yscale("log")
    above.set_ylabel("delay, ms", fontsize=9, color=INK)
    above.legend(fontsize=8, frameon=False)
    sessions = [step.sessions for step in steps]
    _stacked(below, sessions, [step.server for step in steps])
    for axis in (above, below):
        axis.set_xticks(sessions if len(sessions) <= FEW_TICKS else sessions[:: len(sessions) // FEW_TICKS + 1])
    below.set_xlabel("live sessions", fontsize=9, color=INK)
    return _png(figure)


def soak_chart(result: SoakResult) -> bytes:
    """A PNG: CPU time by stage above, memory below, both over the hours of audio. Raises ``MissingExtraError``."""
    figure, (above, below) = _two_panels()
    hours = [each.end / HOUR for each in result.slices]
    _stacked(above, hours, [each.used for each in result.slices])
    known = [
        (hour, each.memory_bytes / 1e6) for hour, each in zip(hours, result.slices, strict=True) if each.memory_bytes is not None
    ]
    below.plot([hour for hour, _ in known], [megabytes for _, megabytes in known], ".-", color=COLOURS[0])
    below.set_ylim(bottom=0)
    below.set_ylabel("memory, MB", fontsize=9, color=INK)
    below.set_xlabel("hours of audio", fontsize=9, color=INK)
    return _png(figure)


def _two_panels() -> tuple[Any, Any]:
    figure = figure_type()(figsize=(PAGE_INCHES, HEIGHT_INCHES), dpi=DPI, layout="constrained", facecolor="white")
    axes = figure.subplots(2, 1)
    for axis in axes:
        axis.grid(color=GRID, linewidth=0.6)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8.5)
    return figure, axes


def _stacked(axis: Any, places: Sequence[float], usages: Sequence[Usage]) -> None:
    """Draws CPU time per second of audio, a layer for each stage that takes part of it, and one for the rest."""
    layers: dict[str, list[float]] = {}
    for number, used in enumerate(usages):
        rest = max(0.0, used.rest_per_audio or 0.0)
        parts: Mapping[str, float] = {**used.stages_per_audio, OUTSIDE: rest}
        for name, seconds in parts.items():
            layers.setdefault(name, [0.0] * len(usages))[number] = 1000 * max(0.0, seconds)
    most = max((max(values) for values in layers.values()), default=0.0)
    shown = {name: values for name, values in layers.items() if max(values) > most / 100}
    colours = [*COLOURS, OVERLAP_COLOUR, OTHER_COLOUR, INK]
    if len(places) > 1:
        axis.stackplot(places, list(shown.values()), labels=list(shown), colors=colours, alpha=0.85)
    else:
        foot = 0.0
        for (name, values), colour in zip(shown.items(), colours, strict=False):
            axis.bar([str(places[0])], values, bottom=foot, color=colour, label=name, alpha=0.85)
            foot += values[0]
    axis.set_ylim(bottom=0)
    axis.set_ylabel("CPU time, ms per second of audio", fontsize=9, color=INK)
    axis.legend(fontsize=7.5, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _png(figure: Any) -> bytes:
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
