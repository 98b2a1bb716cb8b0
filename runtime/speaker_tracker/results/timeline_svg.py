"""Picture of a timeline as SVG, for notebooks and web pages: readable on light and dark ground, without any script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from speaker_tracker.results.colours import COLOURS

WIDTH = 800
LEFT = 150
RIGHT = 20
TOP = 12
LANE_HEIGHT = 26
BAR_HEIGHT = 16
AXIS_HEIGHT = 28
LONGEST_LABEL = 20
LEAST_BAR = 0.8
"""Least width of a bar, so that the shortest turn can be seen."""
FAINTEST = 0.35
"""Opacity of a bar whose speaker is not at all certain."""
MOST_TICKS = 9
TICK_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400)


@dataclass(frozen=True, slots=True)
class Bar:
    """Somebody speaks in ``[start_ms, end_ms)`` (ms); ``confidence``: how certain that is, 0 to 1, or None."""

    start_ms: int
    end_ms: int
    confidence: float | None = None


def timeline_svg(lanes: Mapping[str, Sequence[Bar]], totals_ms: Mapping[str, int], end_ms: int) -> str:
    """An ``svg`` element with a lane for each label, and its total speaking time behind it; ``end_ms``: the audio's length.

    Text has the colour of its surroundings (``currentColor``), and labels are escaped.
    """
    end_ms = max([end_ms, 1, *(bar.end_ms for bars in lanes.values() for bar in bars)])
    floor = TOP + LANE_HEIGHT * max(len(lanes), 1)
    described = ", ".join(f"{label} {clock(totals_ms.get(label, 0) / 1000)}" for label in lanes) or "nobody speaks"
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {floor + AXIS_HEIGHT}" width="100%" role="img" '
        f'font-family="sans-serif" font-size="12" fill="currentColor"><title>{escape(described)}</title>'
    )
    parts = [opening, *_axis(end_ms, floor)]
    if not lanes:
        parts.append(f'<text x="{LEFT + 8}" y="{TOP + 18}" opacity="0.7">nobody speaks</text>')
    for row, (label, bars) in enumerate(lanes.items()):
        parts += _lane(row, label, bars, totals_ms.get(label, 0), end_ms)
    return "".join([*parts, "</svg>"])


def _lane(row: int, label: str, bars: Sequence[Bar], total_ms: int, end_ms: int) -> list[str]:
    colour, top = COLOURS[row % len(COLOURS)], TOP + LANE_HEIGHT * row
    shown = label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
    text = top + BAR_HEIGHT - 3
    parts = [
        f'<rect x="4" y="{top + 2}" width="12" height="12" rx="2" fill="{colour}"/>',
        f'<text x="22" y="{text}">{escape(shown)}<title>{escape(label)}</title></text>',
        f'<text x="{LEFT - 8}" y="{text}" text-anchor="end" opacity="0.7">{clock(total_ms / 1000)}</text>',
    ]
    for bar in bars:
        start, width = _x(bar.start_ms, end_ms), max(_x(bar.end_ms, end_ms) - _x(bar.start_ms, end_ms), LEAST_BAR)
        faint = "" if bar.confidence is None else f' opacity="{FAINTEST + (1 - FAINTEST) * bar.confidence:.2f}"'
        parts.append(f'<rect x="{start:.1f}" y="{top}" width="{width:.1f}" height="{BAR_HEIGHT}" fill="{colour}"{faint}/>')
    return parts


def _axis(end_ms: int, floor: int) -> list[str]:
    step = next((step for step in TICK_SECONDS if end_ms / 1000 / step <= MOST_TICKS), None)
    step = step or TICK_SECONDS[-1] * -(-end_ms // (1000 * TICK_SECONDS[-1] * MOST_TICKS))
    parts = []
    for second in range(0, end_ms // 1000 + 1, step):
        x = f"{_x(1000 * second, end_ms):.1f}"
        parts.append(f'<line x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{floor}" stroke="currentColor" stroke-opacity="0.2"/>')
        parts.append(f'<text x="{x}" y="{floor + 16}" text-anchor="middle" font-size="11" opacity="0.7">{clock(second)}</text>')
    return parts


def _x(ms: int, end_ms: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * ms / end_ms


def clock(seconds: float) -> str:
    """A time such as ``1:02:03``, without hours if there are none."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
