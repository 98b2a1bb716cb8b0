"""What came of one audio file, as every format writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol import ReportMessage
from speaker_tracker.results.rttm import Turn
from speaker_tracker.results.timeline_recorder import TimelineRecorder


@dataclass(frozen=True, slots=True)
class TrackedFile:
    """Who speaks when in ``path``. ``seconds``: its duration. ``reference``: turns that are known to be true, of any files."""

    path: Path
    seconds: float
    report: ReportMessage
    recorder: TimelineRecorder
    reference: Sequence[Turn] = field(default=())

    @property
    def uri(self) -> str:
        """How RTTM calls it: its name without the ending."""
        return self.path.stem

    @property
    def segments(self) -> list[TimelineSegment]:
        """The final timeline in order of start; silence left out."""
        return self.recorder.final
