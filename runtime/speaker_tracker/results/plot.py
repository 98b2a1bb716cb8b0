"""Pictures of timelines, sized for a page of a report: legible at the width of its text, on white."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from speaker_tracker.errors import MissingExtraError
from speaker_tracker.results.colours import COLOURS
from speaker_tracker.results.panel import OVERLAP_COLOUR, Lane, Panel, colour_of, lanes, speaking_seconds
from speaker_tracker.results.segmentation import Stretch
from speaker_tracker.results.speaker_names import speaker_name

INK = "#222222"
QUIET_INK = "#666666"
GRID = "#DDDDDD"

MAX_PANELS = 40
"""More panels would exceed the maximum height of a picture."""

DPI = 200
PAGE_INCHES = 8.0
LANE_INCHES = 0.27
LANE_SHARE = 0.72
"""Height of a bar in its lane."""
EDGE_POINTS = 0.4
"""Width of a bar's edge, so that the shortest pause can be seen."""
LINE_POINTS = 1.1
AXIS_INCHES = 0.95
"""Height of a panel's title, legend and time axis."""
SIMILARITY_INCHES = 2.2
MAX_WIDTH_INCHES = 32.0
SECONDS_PER_INCH = 12.0
"""Scale of a panel with similarities, which is wider than a page for long files, so that moments can be distinguished."""

LONGEST_TITLE = 56
LEGEND_COLUMNS = 4
TICKS = 9
TICK_STEPS = (0.5, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14400)
"""Possible distances in seconds between two ticks of the time axis."""

OVERLAP_OPACITY = 0.13
"""Of the stripes that mark overlapped speech of the reference in all lanes."""


def check_installed() -> None:
    """Raises ``MissingExtraError`` where matplotlib is not installed."""
    figure_type()


def draw(panels: Sequence[Panel]) -> bytes:
    """A PNG with one panel for each file, one below the other; ``panels``: at most ``MAX_PANELS``.

    A panel has a lane for each speaker of the final timeline, and a legend with total speaking times. With a reference there are
    three blocks of lanes: its voices, the final and the online timeline; overlaps, changes and pauses make a fourth. Reference
    voices have the colour of the speaker of the final timeline with whom they share most time. Raises ``MissingExtraError``.
    """
    lanes_of = [lanes(panel) for panel in panels]
    heights: list[float] = []
    for panel, panel_lanes in zip(panels, lanes_of, strict=True):
        heights += [AXIS_INCHES + LANE_INCHES * max(len(panel_lanes), 2), *([SIMILARITY_INCHES] if panel.similarities else [])]
    figure = figure_type()(figsize=(_width(panels), sum(heights)), dpi=DPI, layout="constrained", facecolor="white")
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)
    axes = iter(figure.subplots(len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0])
    for panel, panel_lanes in zip(panels, lanes_of, strict=True):
        _draw_panel(next(axes), panel, panel_lanes)
        if panel.similarities:
            _draw_similarities(next(axes), panel)
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _width(panels: Sequence[Panel]) -> float:
    wide = [panel.seconds / SECONDS_PER_INCH for panel in panels if panel.similarities]
    return min(max(PAGE_INCHES, *wide, 0.0), MAX_WIDTH_INCHES)


def figure_type() -> Any:
    """Maker of matplotlib figures, drawn without a screen. Raises ``MissingExtraError`` where matplotlib is not installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an optional extra
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError.of("a plot", "matplotlib", "plot") from error

    def figure(**options: Any) -> Figure:
        made = Figure(**options)
        FigureCanvasAgg(made)
        return made

    return figure


def _draw_panel(axis: Any, panel: Panel, panel_lanes: Sequence[Lane]) -> None:
    for row, lane in enumerate(panel_lanes):
        _draw_bars(axis, row, lane)
        if lane.begins_block and row:
            axis.axhline(row - 0.5, color=QUIET_INK, linewidth=0.8)
    _mark_overlaps(axis, panel)
    axis.set_yticks(range(len(panel_lanes)), [lane.label for lane in panel_lanes], fontsize=9, color=INK, parse_math=False)
    axis.set_ylim(max(len(panel_lanes), 1) - 0.4, -0.6)
    _draw_time(axis, panel.seconds)
    _draw_legend(axis, panel)
    pad = 24 if len(speaking_seconds(panel.final)) <= LEGEND_COLUMNS else 36
    axis.set_title(_shortened(panel.title), fontsize=10.5, fontweight="bold", color=INK, loc="left", pad=pad, parse_math=False)
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)
    if not panel_lanes:
        axis.text(0.5, 0.5, "nobody speaks", transform=axis.transAxes, ha="center", va="center", color=QUIET_INK)


def _draw_bars(axis: Any, row: int, lane: Lane) -> None:
    foot = row + LANE_SHARE / 2
    whole = [(start, end - start) for start, end, height in lane.bars if height == 1 and end > start]
    axis.broken_barh(whole, (foot - LANE_SHARE, LANE_SHARE), facecolors=lane.colour, edgecolors=lane.colour, linewidth=EDGE_POINTS)
    lines = [(start, foot - LANE_SHARE * height) for start, end, height in lane.bars if end == start]
    axis.vlines([at for at, _ in lines], foot, [top for _, top in lines], colors=lane.colour, linewidth=LINE_POINTS)
    lower = [bar for bar in lane.bars if bar[2] < 1 and bar[1] > bar[0]]
    if lower:
        edges, tops = _steps(lower)
        axis.stairs([foot - LANE_SHARE * top for top in tops], edges, baseline=foot, fill=True, color=lane.colour, linewidth=0)


def _steps(bars: Sequence[Stretch]) -> tuple[list[float], list[float]]:
    """Edges, and the height between each two of them, of bars in order of time; those that touch are joined without a seam."""
    edges, heights = [bars[0][0]], list[float]()
    for start, end, height in bars:
        if start > edges[-1]:
            edges.append(start)
            heights.append(0.0)
        edges.append(end)
        heights.append(height)
    return edges, heights


def _mark_overlaps(axis: Any, panel: Panel) -> None:
    for start, end, _ in panel.true.overlaps if panel.true is not None else ():
        axis.axvspan(start, end, color=OVERLAP_COLOUR, alpha=OVERLAP_OPACITY, linewidth=0, zorder=0)


def _draw_legend(axis: Any, panel: Panel) -> None:
    """Draws the legend above the lanes: speaking time of each speaker, and its share of the total."""
    from matplotlib.patches import Patch  # noqa: PLC0415 - an optional extra

    totals = speaking_seconds(panel.final)
    spoken = sum(totals.values())
    entries = [
        Patch(
            color=colour_of(speaker),
            label=f"{speaker_name(speaker, panel.channel_of, panel.names)}: {clock(seconds)} ({100 * seconds / spoken:.0f} %)",
        )
        for speaker, seconds in totals.items()
    ]
    options = {"loc": "lower left", "bbox_to_anchor": (0, 1.0), "borderaxespad": 0.3, "borderpad": 0, "frameon": False}
    columns = len(entries) if len(entries) <= LEGEND_COLUMNS else (len(entries) + 1) // 2
    legend = axis.legend(
        handles=entries, ncols=max(columns, 1), fontsize=8, labelcolor=INK, handlelength=1, columnspacing=1.2, **options
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _draw_time(axis: Any, seconds: float) -> None:
    step = next((step for step in TICK_STEPS if seconds / step <= TICKS * axis.figure.get_figwidth() / PAGE_INCHES), TICK_STEPS[-1])
    ticks = [number * step for number in range(int(seconds / step) + 1)]
    axis.set_xlim(0, max(seconds, TICK_STEPS[0]))
    axis.set_xticks(ticks, [clock(tick, halves=step < 1) for tick in ticks], fontsize=8.5, color=INK)
    axis.set_xlabel("time (h:min:s)" if seconds >= 3600 else "time (min:s)", fontsize=8.5, color=QUIET_INK)  # noqa: PLR2004
    axis.grid(axis="x", color=GRID, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def _draw_similarities(axis: Any, panel: Panel) -> None:
    _mark_overlaps(axis, panel)
    for speaker, cosines in panel.similarities.items():
        axis.plot(panel.times, cosines, ".-", color=colour_of(speaker), linewidth=0.8, markersize=3, label=f"speaker {speaker}")
    _draw_time(axis, panel.seconds)
    axis.set_ylabel("cosine to centroid", fontsize=8.5, color=QUIET_INK)
    axis.tick_params(axis="y", labelsize=8.5)
    axis.grid(color=GRID, linewidth=0.6)
    axis.legend(loc="lower right", fontsize=8, ncols=len(COLOURS))


def clock(seconds: float, *, halves: bool = False) -> str:
    """A time such as ``1:02:03``, without hours if there are none; ``halves``: with one decimal place."""
    whole = int(seconds) if halves else int(seconds + 0.5)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{text}.{int(10 * (seconds - whole))}" if halves else text


def _shortened(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 20]}…{title[-19:]}"
