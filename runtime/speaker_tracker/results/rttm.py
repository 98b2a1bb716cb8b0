"""RTTM files: one line for each turn (NIST Rich Transcription, ``SPEAKER`` lines)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from speaker_tracker.errors import UserError
from speaker_tracker.events.timeline import TimelineSegment

MIN_FIELDS = 8
"""Number of fields up to the speaker's name; confidence and lookahead after it may be left out."""


class RttmError(UserError):
    """A file is not readable as RTTM."""


@dataclass(frozen=True, slots=True)
class Turn:
    """``speaker`` speaks in ``[start, end)`` (seconds) of the recording ``uri``."""

    uri: str
    start: float
    end: float
    speaker: str


def read_rttm(path: Path) -> list[Turn]:
    """The turns of an RTTM file, in its order; lines of other types and comments (``;;``) are skipped.

    Raises ``RttmError``, naming file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise RttmError(f"there is no file {path}") from error
    except OSError as error:
        raise RttmError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RttmError(f"{path} is no RTTM file: it is not UTF-8 text") from error
    turns = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or line.startswith(";;"):
            continue
        if fields[0] == "SPEAKER":
            turns.append(_turn(fields, f"{path}, line {number}"))
        elif not fields[0].replace("-", "").isupper():
            raise RttmError(f"{path}, line {number}: an RTTM line begins with SPEAKER, not with {fields[0][:40]!r}")
    return turns


def _turn(fields: list[str], where: str) -> Turn:
    if len(fields) < MIN_FIELDS:
        raise RttmError(
            f"{where}: {len(fields)} fields where at least {MIN_FIELDS} are needed: SPEAKER uri 1 start duration <NA> <NA> speaker"
        )
    start, duration = (_seconds(fields[index], name, where) for index, name in ((3, "start"), (4, "duration")))
    return Turn(uri=fields[1], start=start, end=start + duration, speaker=fields[7])


def _seconds(field: str, name: str, where: str) -> float:
    try:
        value = float(field)
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0:
        raise RttmError(f"{where}: the {name} must be a number of seconds, not {field[:40]!r}")
    return value


def rttm_lines(
    uri: str,
    segments: Iterable[TimelineSegment],
    channel_of: Mapping[int, int] | None = None,
    names: Mapping[int, str] | None = None,
) -> str:
    """The segments of a timeline as RTTM without silence; speakers are named ``speaker_0`` and so on, or by ``names``.

    ``uri``: white space in it and in names becomes ``_``, since it separates the format's fields. ``channel_of``: the channel of
    each speaker, by id; 1 for others. The ninth field is the confidence, if known.
    """
    channels = channel_of or {}
    name = "_".join(uri.split()) or "_"
    labels = _labels(names or {})
    return "".join(
        f"SPEAKER {name} {channels.get(segment.speaker, 1)} "
        f"{segment.start_ms / 1000:.3f} {(segment.end_ms - segment.start_ms) / 1000:.3f} "
        f"<NA> <NA> {labels.get(segment.speaker, f'speaker_{segment.speaker}')} {_confidence(segment)} <NA>\n"
        for segment in segments
        if segment.speaker is not None
    )


def _labels(names: Mapping[int, str]) -> dict[int, str]:
    """Names as fields; those that would be the same, or look like that of a speaker without name, have the id behind them."""
    labels: dict[int, str] = {}
    for speaker, name in names.items():
        label = "_".join(name.split())
        labels[speaker] = f"{label}_{speaker}" if label in labels.values() or label.startswith("speaker_") else label
    return labels


def _confidence(segment: TimelineSegment) -> str:
    return "<NA>" if segment.confidence is None else f"{segment.confidence:.3f}"
