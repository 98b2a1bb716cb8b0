"""Who speaks when, as the labelling of words needs it: from RTTM files and from reports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.results.rttm import read_rttm
from speaker_tracker.transcripts.transcript import TranscriptError

HOW_TO_REPORT = "make one by `speaker-tracker diarize AUDIO --json`, or name an RTTM file by --rttm"


@dataclass(frozen=True, slots=True)
class SpeakerTurn:
    """``speaker`` speaks in ``[start, end)`` (seconds). ``speaker``: an id such as ``0``, or a name. ``name``: as it is shown."""

    start: float
    end: float
    speaker: str
    name: str


def shown(speaker: str) -> str:
    """``Speaker 0`` for the id ``0``; a name as it is."""
    return f"Speaker {speaker}" if speaker.isdecimal() else speaker


def turns_of(segments: Iterable[TimelineSegment], names: dict[int, str]) -> list[SpeakerTurn]:
    """The turns of a timeline; ``names``: of recognized speakers, by id."""
    return [
        SpeakerTurn(one.start_ms / 1000, one.end_ms / 1000, str(one.speaker), names.get(one.speaker, shown(str(one.speaker))))
        for one in segments
        if one.speaker is not None
    ]


def rttm_turns(path: Path, stem: str) -> list[SpeakerTurn]:
    """The turns of an RTTM file; ``speaker_0``, as `diarize` writes it, is the speaker 0.

    ``stem``: the transcript's name, which decides if the file is of several recordings. Raises ``TranscriptError``, ``RttmError``.
    """
    turns = read_rttm(path)
    chosen = _own("_".join(stem.split()), list(dict.fromkeys(turn.uri for turn in turns)), f"{path}")
    speakers = [re.sub(r"^speaker_(\d+)$", r"\1", turn.speaker) for turn in turns]
    return [
        SpeakerTurn(turn.start, turn.end, speaker, shown(speaker))
        for turn, speaker in zip(turns, speakers, strict=True)
        if turn.uri == chosen
    ]


def report_turns(path: Path, stem: str) -> list[SpeakerTurn]:
    """The turns of a document of ``--json``, of a ``report`` message, or of messages line by line of which it is the last.

    ``stem``: as for ``rttm_turns``. Raises ``TranscriptError``.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise TranscriptError(f"there is no file {path}") from error
    except OSError as error:
        raise TranscriptError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TranscriptError(f"{path} is no report: it is not UTF-8 text; {HOW_TO_REPORT}") from error
    document = _parsed(text, path)
    if isinstance(document, list) and all(isinstance(one, dict) for one in document):
        by_stem = {Path(str(one.get("audio"))).stem: one for one in document}
        chosen = _own(stem, list(by_stem), f"{path}")
        document = by_stem.get(chosen or "", {"segments": []})
    if not isinstance(document, dict) or not isinstance(document.get("speakers", []), list):
        raise TranscriptError(f"{path} is no report; {HOW_TO_REPORT}")
    segments = document.get("segments")
    if segments is None and document.get("event") == "report":
        raise TranscriptError(
            f'{path} is a report without segments; a server sends them to clients that start with "timeline": true; {HOW_TO_REPORT}'
        )
    if not isinstance(segments, list):
        raise TranscriptError(f"{path} is no report: it has no list of segments; {HOW_TO_REPORT}")
    names = {one.get("id"): one["name"] for one in document.get("speakers", []) if isinstance(one, dict) and one.get("name")}
    return [turn for number, one in enumerate(segments) if (turn := _turn(one, names, f"{path}, segments[{number}]")) is not None]


def _parsed(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    lines = text.strip().splitlines()
    try:
        document = json.loads(lines[-1]) if lines else None
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("event") != "report":
        raise TranscriptError(f"{path} is no report: it is not JSON; {HOW_TO_REPORT}")
    return document


def _turn(entry: Any, names: dict[Any, str], where: str) -> SpeakerTurn | None:
    try:
        start, end, speaker = entry["startMs"], entry["endMs"], entry["speakerId"]
        if speaker is None:
            return None
        name = entry.get("name") or names.get(speaker) or shown(str(speaker))
        return SpeakerTurn(start / 1000, end / 1000, str(speaker), name)
    except (KeyError, TypeError, AttributeError) as error:
        raise TranscriptError(f"{where}: a segment has startMs, endMs and speakerId; {HOW_TO_REPORT}") from error


def _own(stem: str, recordings: Sequence[str], where: str) -> str | None:
    """The recording of a transcript. Raises ``TranscriptError`` if there are several and none is called like it."""
    if len(recordings) <= 1:
        return recordings[0] if recordings else None
    for name in (stem, stem.partition(".")[0]):
        if name in recordings:
            return name
    told = ", ".join(recordings[:5]) + (" ..." if len(recordings) > 5 else "")  # noqa: PLR2004 - as many as fit a line
    raise TranscriptError(f"{where} is of several recordings, {told}, and none is called like the transcript, {stem!r}; rename it")


def renamed(turns: Sequence[SpeakerTurn], names: Mapping[str, str]) -> list[SpeakerTurn]:
    """The turns with ``names``, by id or by the name that was there. Raises ``TranscriptError`` for speakers there are not."""
    known = {turn.speaker for turn in turns} | {turn.name for turn in turns}
    for speaker in names:
        if speaker not in known and turns:
            told = ", ".join(sorted({turn.speaker for turn in turns}))
            raise TranscriptError(f"--names: there is no speaker {speaker!r}; there are {told}")
    return [replace(turn, name=names.get(turn.speaker, names.get(turn.name, turn.name))) for turn in turns]
