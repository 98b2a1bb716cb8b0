"""Pictures of timelines, sized for a page of a report: legible at the width of its text, on white."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from speaker_tracker.errors import MissingExtraError
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.results.rttm import Turn
from speaker_tracker.results.speaker_names import speaker_name

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
"""One for each speaker, distinguishable with colour blindness too (Okabe and Ito, "Color Universal Design", 2008)."""

OTHER_COLOUR = "#8C8C8C"
"""Colour of reference voices that match no speaker of the final timeline."""

INK = "#222222"
QUIET_INK = "#666666"
GRID = "#DDDDDD"

MAX_PANELS = 40
"""More panels would exceed the maximum height of a picture."""

DPI = 200
PAGE_INCHES = 8.0
LANE_INCHES = 0.27
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

Bar = tuple[float, float]
"""Start and duration in seconds."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The picture of one file. ``seconds``: its duration. ``reference``: empty if there is none.

    ``times``, ``similarities``: cosine to each speaker's centroid at these times in seconds, all of shape ``(n,)``; drawn below if
    there are any. ``channel_of``: the channel of each speaker, by id, if channels were tracked separately.
    """

    title: str
    seconds: float
    online: Sequence[TimelineSegment]
    final: Sequence[TimelineSegment]
    reference: Sequence[Turn] = field(default=())
    times: Sequence[float] = field(default=())
    similarities: Mapping[int, Sequence[float]] = field(default_factory=dict)
    channel_of: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Lane:
    label: str
    colour: str
    bars: list[Bar]
    begins_block: bool


def check_installed() -> None:
    """Raises ``MissingExtraError`` where matplotlib is not installed."""
    _figure_type()


def draw(panels: Sequence[Panel]) -> bytes:
    """A PNG with one panel for each file, one below the other; ``panels``: at most ``MAX_PANELS``.

    A panel has a lane for each speaker of the final timeline, and a legend with total speaking times. With a reference there are
    three blocks of lanes: its voices, the final and the online timeline. Reference voices have the colour of the speaker of the
    final timeline with whom they share most time. Raises ``MissingExtraError``.
    """
    lanes = [_lanes(panel) for panel in panels]
    heights: list[float] = []
    for panel, panel_lanes in zip(panels, lanes, strict=True):
        heights += [AXIS_INCHES + LANE_INCHES * max(len(panel_lanes), 2), *([SIMILARITY_INCHES] if panel.similarities else [])]
    figure = _figure_type()(figsize=(_width(panels), sum(heights)), dpi=DPI, layout="constrained", facecolor="white")
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)
    axes = iter(figure.subplots(len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0])
    for panel, panel_lanes in zip(panels, lanes, strict=True):
        _draw_panel(next(axes), panel, panel_lanes)
        if panel.similarities:
            _draw_similarities(next(axes), panel)
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _width(panels: Sequence[Panel]) -> float:
    wide = [panel.seconds / SECONDS_PER_INCH for panel in panels if panel.similarities]
    return min(max(PAGE_INCHES, *wide, 0.0), MAX_WIDTH_INCHES)


def _figure_type() -> Any:
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


def _draw_panel(axis: Any, panel: Panel, lanes: Sequence[_Lane]) -> None:
    for row, lane in enumerate(lanes):
        axis.broken_barh(lane.bars, (row - 0.36, 0.72), facecolors=lane.colour)
        if lane.begins_block and row:
            axis.axhline(row - 0.5, color=QUIET_INK, linewidth=0.8)
    axis.set_yticks(range(len(lanes)), [lane.label for lane in lanes], fontsize=9, color=INK, parse_math=False)
    axis.set_ylim(max(len(lanes), 1) - 0.4, -0.6)
    _draw_time(axis, panel.seconds)
    _draw_legend(axis, panel)
    pad = 24 if len(speaking_seconds(panel.final)) <= LEGEND_COLUMNS else 36
    axis.set_title(_shortened(panel.title), fontsize=10.5, fontweight="bold", color=INK, loc="left", pad=pad, parse_math=False)
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)
    if not lanes:
        axis.text(0.5, 0.5, "nobody speaks", transform=axis.transAxes, ha="center", va="center", color=QUIET_INK)


def _draw_legend(axis: Any, panel: Panel) -> None:
    """Draws the legend above the lanes: speaking time of each speaker, and its share of the total."""
    from matplotlib.patches import Patch  # noqa: PLC0415 - an optional extra

    totals = speaking_seconds(panel.final)
    spoken = sum(totals.values())
    entries = [
        Patch(
            color=_colour(speaker),
            label=f"{speaker_name(speaker, panel.channel_of)}: {clock(seconds)} ({100 * seconds / spoken:.0f} %)",
        )
        for speaker, seconds in totals.items()
    ]
    options = {"loc": "lower left", "bbox_to_anchor": (0, 1.0), "borderaxespad": 0.3, "borderpad": 0, "frameon": False}
    columns = len(entries) if len(entries) <= LEGEND_COLUMNS else (len(entries) + 1) // 2
    axis.legend(handles=entries, ncols=max(columns, 1), fontsize=8, labelcolor=INK, handlelength=1, columnspacing=1.2, **options)


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
    for speaker, cosines in panel.similarities.items():
        axis.plot(panel.times, cosines, ".-", color=_colour(speaker), linewidth=0.8, markersize=3, label=f"speaker {speaker}")
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


def speaking_seconds(segments: Sequence[TimelineSegment]) -> dict[int, float]:
    """Total speaking time of each speaker, by id."""
    totals: dict[int, float] = {}
    for segment in segments:
        if segment.speaker is not None:
            totals[segment.speaker] = totals.get(segment.speaker, 0.0) + (segment.end_ms - segment.start_ms) / 1000
    return dict(sorted(totals.items()))


def _shortened(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 20]}…{title[-19:]}"


def _colour(speaker: int) -> str:
    return COLOURS[speaker % len(COLOURS)]


def _lanes(panel: Panel) -> list[_Lane]:
    """Lanes in one block, or in three if there is a reference to compare with."""
    if not panel.reference:
        return _speaker_lanes("", panel.final, panel.channel_of)
    fitting = _fitting_speakers(panel)
    names = sorted({turn.speaker for turn in panel.reference}, key=lambda name: (fitting.get(name, len(COLOURS)), name))
    lanes: list[_Lane] = []
    for index, name in enumerate(names):
        bars = [(turn.start, turn.end - turn.start) for turn in panel.reference if turn.speaker == name]
        colour = _colour(fitting[name]) if name in fitting else OTHER_COLOUR
        lanes.append(_Lane(f"reference  {name}", colour, bars, begins_block=index == 0))
    lanes += _speaker_lanes("final  ", panel.final, panel.channel_of)
    return lanes + _speaker_lanes("online  ", panel.online, panel.channel_of)


def _speaker_lanes(block: str, segments: Sequence[TimelineSegment], channel_of: Mapping[int, int]) -> list[_Lane]:
    lanes = []
    for index, speaker in enumerate(speaking_seconds(segments)):
        bars = [_bar(segment) for segment in segments if segment.speaker == speaker]
        lanes.append(_Lane(f"{block}{speaker_name(speaker, channel_of)}", _colour(speaker), bars, begins_block=index == 0))
    return lanes


def _bar(segment: TimelineSegment) -> Bar:
    return segment.start_ms / 1000, (segment.end_ms - segment.start_ms) / 1000


def _fitting_speakers(panel: Panel) -> dict[str, int]:
    """Greedy one-to-one mapping of reference voices to speakers of the final timeline, by time in common."""
    shared: dict[tuple[str, int], float] = {}
    for turn in panel.reference:
        for segment in panel.final:
            common = min(turn.end, segment.end_ms / 1000) - max(turn.start, segment.start_ms / 1000)
            if common > 0 and segment.speaker is not None:
                pair = turn.speaker, segment.speaker
                shared[pair] = shared.get(pair, 0.0) + common
    fitting: dict[str, int] = {}
    for name, speaker in sorted(shared, key=lambda pair: -shared[pair]):
        if name not in fitting and speaker not in fitting.values():
            fitting[name] = speaker
    return fitting
