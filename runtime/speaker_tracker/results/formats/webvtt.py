"""WebVTT: captions with the speaker, shown by players with the recording (W3C, "WebVTT: The Web Video Text Tracks Format")."""

from __future__ import annotations

from speaker_tracker.results.formats.tracked_file import TrackedFile


def webvtt(file: TrackedFile) -> str:
    """One cue for each segment of the final timeline; the speaker is both voice span and text, as there are no words."""
    cues = [
        f"\n{_time(segment.start_ms)} --> {_time(segment.end_ms)}\n<v {name}>{name}</v>\n"
        for segment in file.segments
        for name in [file.speaker_name(segment.speaker).capitalize()]
    ]
    return "".join(["WEBVTT\n", *cues])


def _time(ms: int) -> str:
    seconds, thousandths = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"
