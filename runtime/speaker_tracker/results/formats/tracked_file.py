"""Result of tracking one audio file, the input of every format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol import ReportMessage
from speaker_tracker.results.channels import JoinedChannels
from speaker_tracker.results.rttm import Turn
from speaker_tracker.results.speaker_names import reported_names, speaker_name
from speaker_tracker.results.timeline_recorder import TimelineRecorder


@dataclass(frozen=True, slots=True)
class TrackedFile:
    """Who speaks when in ``path``. ``seconds``: its duration. ``reference``: turns of the ground truth, of any files.

    ``channel_of``: the channel of each speaker, by id, counted from 1, if channels were tracked separately; else empty.
    ``knows_voices``: whether known voices were to be recognized.
    """

    path: Path
    seconds: float
    report: ReportMessage
    recorder: TimelineRecorder | JoinedChannels
    reference: Sequence[Turn] = field(default=())
    channel_of: Mapping[int, int] = field(default_factory=dict)
    knows_voices: bool = False

    @property
    def uri(self) -> str:
        """Name of the recording in RTTM: the file's name without the ending."""
        return self.path.stem

    @property
    def segments(self) -> Sequence[TimelineSegment]:
        """The final timeline in order of start, without silence."""
        return self.recorder.final

    @property
    def names(self) -> Mapping[int, str]:
        """The name of each recognized speaker, by id."""
        return reported_names(self.report)

    def channel(self, speaker: int | None) -> int | None:
        """The channel of a speaker, counted from 1; None if channels were mixed."""
        return None if speaker is None else self.channel_of.get(speaker)

    def speaker_name(self, speaker: int | None) -> str:
        """``speaker 0`` or a name, and behind it ``(channel 1)`` if channels were tracked separately."""
        return speaker_name(speaker, self.channel_of, self.names)
