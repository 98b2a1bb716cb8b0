"""CSV (RFC 4180, with plain line feeds): one row for each segment, for spreadsheets and data frames."""

from __future__ import annotations

import csv
from io import StringIO

from speaker_tracker.results.formats.tracked_file import TrackedFile

COLUMNS = ("audio", "start", "end", "duration", "speaker")


def csv_table(file: TrackedFile) -> str:
    """A header row and the final timeline; times in seconds, ``speaker`` the id. Tables of several files can be concatenated.

    If channels were tracked separately, the last column is the channel.
    """
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*COLUMNS, *(["channel"] if file.channel_of else [])])
    for segment in file.segments:
        times = (segment.start_ms, segment.end_ms, segment.end_ms - segment.start_ms)
        channel = [file.channel(segment.speaker)] if file.channel_of else []
        table.writerow([str(file.path), *(f"{ms / 1000:.3f}" for ms in times), segment.speaker, *channel])
    return text.getvalue()
