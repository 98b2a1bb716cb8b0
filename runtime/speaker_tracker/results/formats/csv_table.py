"""CSV (RFC 4180, with plain line feeds): one row for each segment, for spreadsheets and data frames."""

from __future__ import annotations

import csv
from io import StringIO

from speaker_tracker.results.formats.tracked_file import TrackedFile

COLUMNS = ("audio", "start", "end", "duration", "speaker")


def csv_table(file: TrackedFile) -> str:
    """A header row and the final timeline; times in seconds, ``speaker`` the id. Tables of several files can be concatenated.

    If known voices were to be recognized, there is a column with the name, empty for others. If channels were tracked separately,
    the last column is the channel.
    """
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*COLUMNS, *(["name"] if file.knows_voices else []), *(["channel"] if file.channel_of else [])])
    for segment in file.segments:
        times = (segment.start_ms, segment.end_ms, segment.end_ms - segment.start_ms)
        name = [file.names.get(segment.speaker, "")] if file.knows_voices and segment.speaker is not None else []
        channel = [file.channel(segment.speaker)] if file.channel_of else []
        table.writerow([str(file.path), *(f"{ms / 1000:.3f}" for ms in times), segment.speaker, *name, *channel])
    return text.getvalue()
