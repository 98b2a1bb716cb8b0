"""Audacity's label tracks: start, end and label, separated by tabs (Audacity manual, "Importing and Exporting Labels")."""

from __future__ import annotations

from speaker_tracker.results.formats.tracked_file import TrackedFile


def audacity_labels(file: TrackedFile) -> str:
    """One line for each segment of the final timeline, times in seconds."""
    return "".join(
        f"{segment.start_ms / 1000:.6f}\t{segment.end_ms / 1000:.6f}\t{file.speaker_name(segment.speaker)}\n"
        for segment in file.segments
    )
