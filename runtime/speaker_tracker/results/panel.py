"""What a picture shows of one file: lanes, one below the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.results.colours import COLOURS
from speaker_tracker.results.rttm import Turn
from speaker_tracker.results.segmentation import Segmentation, Stretch
from speaker_tracker.results.speaker_names import speaker_name

OTHER_COLOUR = "#8C8C8C"
"""Colour of reference voices that match no speaker of the final timeline."""

OVERLAP_COLOUR = "#D55E00"
"""Of the same palette."""
CHANGE_COLOUR = "#222222"
PAUSE_COLOUR = "#666666"


@dataclass(frozen=True, slots=True)
class Panel:
    """The picture of one file. ``seconds``: its duration. ``reference``: empty if there is none.

    ``times``, ``similarities``: cosine to each speaker's centroid at these times in seconds, all of shape ``(n,)``; drawn below if
    there are any. ``channel_of``: the channel of each speaker, by id, if channels were tracked separately; ``names``: of recognized
    speakers. ``true``, ``heard``: overlaps, changes and pauses of the reference and of the chain's segmentation, to be compared;
    None: not drawn.
    """

    title: str
    seconds: float
    online: Sequence[TimelineSegment]
    final: Sequence[TimelineSegment]
    reference: Sequence[Turn] = field(default=())
    times: Sequence[float] = field(default=())
    similarities: Mapping[int, Sequence[float]] = field(default_factory=dict)
    channel_of: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    true: Segmentation | None = None
    heard: Segmentation | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """``bars``: as high as they are probable; those without length are drawn as lines."""

    label: str
    colour: str
    bars: Sequence[Stretch]
    begins_block: bool = False


def lanes(panel: Panel) -> list[Lane]:
    """Lanes in one block, or in three if there is a reference to compare with, and a further one with what was heard."""
    if not panel.reference:
        return _speaker_lanes("", panel.final, panel)
    fitting = _fitting_speakers(panel)
    names = sorted({turn.speaker for turn in panel.reference}, key=lambda name: (fitting.get(name, len(COLOURS)), name))
    voices = [
        Lane(
            f"reference  {name}",
            colour_of(fitting[name]) if name in fitting else OTHER_COLOUR,
            [(turn.start, turn.end, 1.0) for turn in panel.reference if turn.speaker == name],
        )
        for name in names
    ]
    final, online = (
        _speaker_lanes(block, segments, panel) for block, segments in (("final  ", panel.final), ("online  ", panel.online))
    )
    blocks = (voices, list(_segmentation_lanes(panel)), final, online)
    return [replace(lane, begins_block=number == 0) for block in blocks for number, lane in enumerate(block)]


def speaking_seconds(segments: Sequence[TimelineSegment]) -> dict[int, float]:
    """Total speaking time of each speaker, by id."""
    totals: dict[int, float] = {}
    for segment in segments:
        if segment.speaker is not None:
            totals[segment.speaker] = totals.get(segment.speaker, 0.0) + (segment.end_ms - segment.start_ms) / 1000
    return dict(sorted(totals.items()))


def colour_of(speaker: int) -> str:
    """The colour of a speaker of the timeline."""
    return COLOURS[speaker % len(COLOURS)]


def _speaker_lanes(block: str, segments: Sequence[TimelineSegment], panel: Panel) -> list[Lane]:
    return [
        Lane(
            f"{block}{speaker_name(speaker, panel.channel_of, panel.names)}",
            colour_of(speaker),
            [(segment.start_ms / 1000, segment.end_ms / 1000, 1.0) for segment in segments if segment.speaker == speaker],
        )
        for speaker in speaking_seconds(segments)
    ]


def _segmentation_lanes(panel: Panel) -> Iterator[Lane]:
    """Of each kind, what there is above what was heard."""
    sources = [(name, each) for name, each in (("reference", panel.true), ("heard", panel.heard)) if each is not None]
    for name, each in sources:
        yield Lane(f"{name}  overlap", OVERLAP_COLOUR, each.overlaps)
    for name, each in sources:
        yield Lane(f"{name}  changes", CHANGE_COLOUR, each.changes)
    if panel.heard is not None:
        yield Lane("heard  pauses", PAUSE_COLOUR, panel.heard.pauses)


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
