"""Result of tracking one audio file, the input of every format."""

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
    """Who speaks when in ``path``. ``seconds``: its duration. ``reference``: turns of the ground truth, of any files."""

    path: Path
    seconds: float
    report: ReportMessage
    recorder: TimelineRecorder
    reference: Sequence[Turn] = field(default=())

    @property
    def uri(self) -> str:
        """Name of the recording in RTTM: the file's name without the ending."""
        return self.path.stem

    @property
    def segments(self) -> list[TimelineSegment]:
        """The final timeline in order of start, without silence."""
        return self.recorder.final
