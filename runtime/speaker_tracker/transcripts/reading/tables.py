"""CSV and TSV with start, end and text in each row, with or without a row of names above them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import islice
from typing import Literal

from speaker_tracker.transcripts.transcript import Segment, Transcript, TranscriptError
from speaker_tracker.transcripts.words import words_of

COLUMNS = {
    "start": ("start", "begin", "from", "start_time", "starttime", "start (s)", "onset"),
    "end": ("end", "stop", "to", "end_time", "endtime", "end (s)", "offset"),
    "text": ("text", "word", "transcript", "sentence", "utterance", "caption"),
}
CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)")
MIN_CHARACTERS_A_SECOND = 0.5
"""Speech has about 15; times by which there would be fewer than this are milliseconds, as whisper and whisper.cpp write them."""
KINDS = {"csv": ",", "tsv": "\t"}


def looks_like_table(text: str) -> str | None:
    """``csv`` or ``tsv`` if the first rows have times and text, else None."""
    for kind, delimiter in (("tsv", "\t"), ("csv", ",")):
        rows = list(islice(_rows(text, delimiter), 2))
        if rows and (_named(rows[0]) or _times(rows[0], (0, 1)) is not None) and len(rows[0]) >= len(COLUMNS):
            return kind
    return None


def read_csv(text: str, name: str) -> Transcript:
    """The rows of a table whose columns are separated by commas. Raises ``TranscriptError``."""
    return _read(text, name, "csv")


def read_tsv(text: str, name: str) -> Transcript:
    """The same with tabs."""
    return _read(text, name, "tsv")


def _read(text: str, name: str, kind: str) -> Transcript:
    rows = list(_rows(text, KINDS[kind]))
    columns = _named(rows[0]) if rows else None
    body = rows[1:] if columns else rows
    start, end, said = columns or (0, 1, 2)
    cells = []
    for number, row in enumerate(body, start=2 if columns else 1):
        times = _times(row, (start, end))
        if times is None or len(row) <= said:
            raise TranscriptError(
                f"{name}, row {number}: {' | '.join(row)[:60]!r} lacks start, end or text; times are seconds, or such as 0:01:02.5"
            )
        # Unquoted commas in the last column are part of the text.
        cells.append((*times, KINDS[kind].join(row[said:]) if columns is None or said == len(rows[0]) - 1 else row[said]))
    unit = 0.001 if _in_ms(cells, [row[column] for row in body for column in (start, end)]) else 1.0
    return Transcript(kind, [_segment(begin * unit, max(begin, stop) * unit, words) for begin, stop, words in cells])


def _segment(start: float, end: float, text: str) -> Segment:
    return Segment(start, end, words_of(text, start, end))


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    # Programs that write tabs quote nothing, and a quotation mark is part of what is said.
    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    spaced = delimiter == "," and ', "' in text
    table = csv.reader(StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, skipinitialspace=spaced)
    return (row for row in table if any(row))


def _named(row: Sequence[str]) -> tuple[int, int, int] | None:
    """The columns of start, end and text by a row of names; None if it has none."""
    names = [cell.strip().strip('"').lower() for cell in row]
    found = [next((names.index(name) for name in known if name in names), None) for known in COLUMNS.values()]
    start, end, text = found
    return None if start is None or end is None or text is None else (start, end, text)


def _times(row: Sequence[str], columns: tuple[int, int]) -> tuple[float, float] | None:
    if len(row) <= max(columns):
        return None
    start, end = (_seconds(row[column].strip()) for column in columns)
    return None if start is None or end is None else (start, end)


def _seconds(cell: str) -> float | None:
    if clock := CLOCK.fullmatch(cell):
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3].replace(",", "."))
    return float(cell) if re.fullmatch(r"\d+(\.\d*)?|\.\d+", cell) else None


def _in_ms(cells: Sequence[tuple[float, float, str]], times: Sequence[str]) -> bool:
    if not all(time.strip().isdecimal() for time in times):
        return False
    spoken = sum(max(0.0, end - start) for start, end, _ in cells)
    return sum(len(text) for _, _, text in cells) < MIN_CHARACTERS_A_SECOND * spoken
