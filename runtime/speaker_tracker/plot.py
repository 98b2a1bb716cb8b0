"""Pictures of timelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from speaker_tracker.errors import MissingExtraError
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.rttm import Turn

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
"""One a speaker; told apart by colour-blind eyes too (Okabe and Ito, "Color Universal Design", 2008)."""

OTHER_COLOUR = "#8C8C8C"
"""Voices of the reference that no speaker of the final timeline fits."""

DPI = 120
LANE_INCHES = 0.3
SIMILARITY_INCHES = 2.2
MIN_WIDTH_INCHES = 11.0
MAX_WIDTH_INCHES = 40.0
SECONDS_PER_INCH = 12.0

Bar = tuple[float, float]
"""Start and duration in seconds."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The picture of one file. ``seconds``: its duration. ``reference``: empty where there is none.

    ``times``, ``similarities``: cosine to each speaker's centroid at these times in seconds, all of shape ``(n,)``; drawn below if
    there are any.
    """

    title: str
    seconds: float
    online: Sequence[TimelineSegment]
    final: Sequence[TimelineSegment]
    reference: Sequence[Turn] = field(default=())
    times: Sequence[float] = field(default=())
    similarities: Mapping[int, Sequence[float]] = field(default_factory=dict)


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
    """A PNG with one panel a file, below each other: a lane a speaker, for the reference, the final and the online timeline.

    Reference voices have the colour of the speaker of the final timeline whom they share most time with. Raises
    ``MissingExtraError``.
    """
    lanes = [_lanes(panel) for panel in panels]
    width = min(max(max(panel.seconds for panel in panels) / SECONDS_PER_INCH, MIN_WIDTH_INCHES), MAX_WIDTH_INCHES)
    heights: list[float] = []
    for panel, panel_lanes in zip(panels, lanes, strict=True):
        heights += [1.1 + LANE_INCHES * max(len(panel_lanes), 1), *([SIMILARITY_INCHES] if panel.similarities else [])]
    figure = _figure_type()(figsize=(width, sum(heights)), dpi=DPI, layout="constrained")
    axes = iter(figure.subplots(len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0])
    for panel, panel_lanes in zip(panels, lanes, strict=True):
        _draw_panel(next(axes), panel, panel_lanes)
        if panel.similarities:
            _draw_similarities(next(axes), panel)
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


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
        axis.broken_barh(lane.bars, (row - 0.38, 0.76), facecolors=lane.colour)
        if lane.begins_block and row:
            axis.axhline(row - 0.5, color="#666666", linewidth=0.8)
    axis.set_yticks(range(len(lanes)), [lane.label for lane in lanes], fontsize=9, parse_math=False)
    axis.set_ylim(max(len(lanes), 1) - 0.5, -0.5)
    axis.set_xlim(0, panel.seconds)
    axis.set_xlabel("seconds", fontsize=9)
    axis.set_title(panel.title, fontsize=11, loc="left", parse_math=False)
    axis.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    if not lanes:
        axis.text(0.5, 0.5, "nobody speaks", transform=axis.transAxes, ha="center", va="center", color="#666666")


def _draw_similarities(axis: Any, panel: Panel) -> None:
    for speaker, cosines in panel.similarities.items():
        axis.plot(
            panel.times,
            cosines,
            ".-",
            color=COLOURS[speaker % len(COLOURS)],
            linewidth=0.8,
            markersize=3,
            label=f"speaker {speaker}",
        )
    axis.set_xlim(0, panel.seconds)
    axis.set_xlabel("seconds", fontsize=9)
    axis.set_ylabel("cosine to centroid", fontsize=9)
    axis.grid(color="#DDDDDD", linewidth=0.6)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(loc="lower right", fontsize=8, ncols=len(COLOURS))


def _lanes(panel: Panel) -> list[_Lane]:
    lanes: list[_Lane] = []
    fitting = _fitting_speakers(panel)
    names = sorted({turn.speaker for turn in panel.reference}, key=lambda name: (fitting.get(name, len(COLOURS)), name))
    for index, name in enumerate(names):
        bars = [(turn.start, turn.end - turn.start) for turn in panel.reference if turn.speaker == name]
        colour = COLOURS[fitting[name] % len(COLOURS)] if name in fitting else OTHER_COLOUR
        lanes.append(_Lane(f"reference  {name}", colour, bars, begins_block=index == 0))
    for block, segments in (("final", panel.final), ("online", panel.online)):
        for index, speaker in enumerate(sorted({segment.speaker for segment in segments if segment.speaker is not None})):
            bars = [_bar(segment) for segment in segments if segment.speaker == speaker]
            colour = COLOURS[speaker % len(COLOURS)]
            lanes.append(_Lane(f"{block}  speaker {speaker}", colour, bars, begins_block=index == 0))
    return lanes


def _bar(segment: TimelineSegment) -> Bar:
    return segment.start_ms / 1000, (segment.end_ms - segment.start_ms) / 1000


def _fitting_speakers(panel: Panel) -> dict[str, int]:
    """Voices of the reference to speakers of the final timeline, one to one, those with the most time in common first."""
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
