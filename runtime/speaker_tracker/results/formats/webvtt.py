"""WebVTT: captions with the speaker, shown by players with the recording (W3C, "WebVTT: The Web Video Text Tracks Format")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.results.formats.tracked_file import TrackedFile


def webvtt(file: TrackedFile) -> str:
    """A cue for each stretch of the final timeline in which the same speakers speak, with a line for each of them.

    Cues never overlap, as players place those that do differently. The speaker is both voice span and text, as there are no words.
    """
    cues = []
    for start, end, speakers in _stretches(file.segments):
        names = [_name(file, speaker) for speaker in speakers]
        lines = "\n".join(f"<v {name}>{name}</v>" for name in names)
        cues.append(f"\n{_time(start)} --> {_time(end)}\n{lines}\n")
    return "".join(["WEBVTT\n", *cues])


def _name(file: TrackedFile, speaker: int | None) -> str:
    name = file.speaker_name(speaker)
    return escape(name, quote=False) if speaker in file.names else name.capitalize()


def _stretches(segments: Sequence[TimelineSegment]) -> Iterator[tuple[int, int, list[int | None]]]:
    """Start, end (ms) and speakers, longest under way first, of each stretch in which nobody begins or ends.

    ``segments``: in order of start.
    """
    bounds = sorted({bound for segment in segments for bound in (segment.start_ms, segment.end_ms)})
    waiting = list(reversed(segments))
    speaking: list[TimelineSegment] = []
    for start, end in pairwise(bounds):
        speaking = [segment for segment in speaking if segment.end_ms > start]
        while waiting and waiting[-1].start_ms <= start:
            speaking.append(waiting.pop())
        if speaking:
            yield start, end, [segment.speaker for segment in speaking]


def _time(ms: int) -> str:
    seconds, thousandths = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"
