"""Views of a report: tables and annotations for other libraries, and what a notebook shows of it.

Nothing but the standard library is imported before a view asks for more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from speaker_tracker.errors import MissingExtraError, UserError

if TYPE_CHECKING:
    from speaker_tracker.client.events import Part, PartSpeaker


class LabelledSegment(NamedTuple):
    """``label`` speaks in ``[start_ms, end_ms)`` (ms of the clock); ``part`` and ``speaker`` as in the report."""

    start_ms: int
    end_ms: int
    label: str
    part: int
    speaker: int
    confidence: float | None


class ReportViews:
    """Views of the ``parts`` of a report.

    A speaker is called by the name of the known voice, if there is one, and ``speaker 0`` and so on otherwise. In reports of
    several parts, that is ``speaker 0 of part 1``, and whoever is known again is who they were in the first part that heard them.
    Views of the timeline raise ``UserError`` where it was not requested.
    """

    __slots__ = ()
    parts: tuple[Part, ...]

    def to_rttm(self, uri: str = "conversation") -> str:
        """The timeline as RTTM, a line for each segment; ``uri``: name of the recording. White space in names becomes ``_``."""
        name = "_".join(uri.split()) or "_"
        return "".join(
            f"SPEAKER {name} 1 {each.start_ms / 1000:.3f} {(each.end_ms - each.start_ms) / 1000:.3f} <NA> <NA> "
            f"{'_'.join(each.label.split())} {'<NA>' if each.confidence is None else f'{each.confidence:.3f}'} <NA>\n"
            for each in self._labelled()
        )

    def to_pandas(self) -> Any:
        """The timeline as a ``pandas.DataFrame``, a row for each segment.

        Columns: ``start`` and ``end`` in seconds, ``label``, ``part``, ``speaker``, and ``confidence`` (NaN where unknown). Raises
        ``MissingExtraError`` where pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - an optional extra
        except ImportError as error:
            raise MissingExtraError.of("a table", "pandas", "notebook") from error
        rows = [
            (each.start_ms / 1000, each.end_ms / 1000, each.label, each.part, each.speaker, each.confidence)
            for each in self._labelled()
        ]
        table = pd.DataFrame(rows, columns=["start", "end", "label", "part", "speaker", "confidence"])
        return table.astype({"start": float, "end": float, "label": str, "part": int, "speaker": int, "confidence": float})

    def to_annotation(self, uri: str = "conversation") -> Any:
        """The timeline as a ``pyannote.core.Annotation``; raises ``MissingExtraError`` where pyannote.core is not installed."""
        try:
            from pyannote import core  # noqa: PLC0415 - an optional extra
        except ImportError as error:
            raise MissingExtraError.of("an annotation", "pyannote.core", "evaluate") from error
        annotation = core.Annotation(uri=uri)
        for number, each in enumerate(self._labelled()):
            annotation[core.Segment(each.start_ms / 1000, each.end_ms / 1000), number] = each.label
        return annotation

    def _repr_svg_(self) -> str:
        """The picture of the timeline, with a lane for each speaker and a legend of speaking times; or the legend alone."""
        from speaker_tracker.results.timeline_svg import Bar, timeline_svg  # noqa: PLC0415 - only where it is shown

        totals = self._totals()
        lanes: dict[str, list[Bar]] = {label: [] for label in totals}
        for each in () if any(part.segments is None for part in self.parts) else self._labelled():
            lanes.setdefault(each.label, []).append(Bar(each.start_ms, each.end_ms, each.confidence))
        end_ms = max((part.offset_ms + part.sent_ms for part in self.parts), default=0)
        return timeline_svg(lanes, {label: totals.get(label, 0) for label in lanes}, end_ms)

    def _repr_html_(self) -> str:
        """The picture, as wide as the page at most."""
        return f'<div style="max-width: 60em">{self._repr_svg_()}</div>'

    def _totals(self) -> dict[str, int]:
        """Speaking time of each speaker (ms by label), in order of appearance."""
        names = self._labels()
        totals: dict[str, int] = {}
        for part in self.parts:
            for speaker, total in sorted(part.speaking_ms.items()):
                label = names[part.number, speaker]
                totals[label] = totals.get(label, 0) + total
        return totals

    def _labelled(self) -> Iterator[LabelledSegment]:
        if any(part.segments is None for part in self.parts):
            raise UserError("the report has no segments, as the timeline was not requested; ask for it with timeline=True")
        names = self._labels()
        for part in self.parts:
            for each in part.segments or ():
                if each.speaker is not None:
                    label = names[part.number, each.speaker]
                    yield LabelledSegment(each.start_ms, each.end_ms, label, part.number, each.speaker, each.confidence)

    def _labels(self) -> dict[tuple[int, int], str]:
        """What each speaker is called, by part and speaker."""
        names = {(part.number, speaker): name for part in self.parts for speaker, name in part.names.items()}
        labels: dict[tuple[int, int], str] = {}
        for part in self.parts:
            speakers = {*part.speaking_ms, *(each.speaker for each in part.segments or () if each.speaker is not None)}
            for speaker in sorted(speakers):
                first = _first(part.same_as, part.number, speaker)
                plain = f"speaker {first[1]}" if len(self.parts) == 1 else f"speaker {first[1]} of part {first[0]}"
                labels[part.number, speaker] = names.get((part.number, speaker)) or names.get(first) or plain
        return _told_apart(labels)


def _first(same_as: Mapping[int, PartSpeaker], part: int, speaker: int) -> tuple[int, int]:
    known = same_as.get(speaker)
    return (part, speaker) if known is None else (known.part, known.speaker)


def _told_apart(labels: dict[tuple[int, int], str]) -> dict[tuple[int, int], str]:
    """``labels`` in which no two speakers of a part have the same one: the later one has its number behind."""
    told: dict[tuple[int, int], str] = {}
    for (part, speaker), label in labels.items():
        taken = any(other == label for (number, _), other in told.items() if number == part)
        told[part, speaker] = f"{label} ({speaker})" if taken else label
    return told
