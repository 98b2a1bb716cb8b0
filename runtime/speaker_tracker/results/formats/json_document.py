"""JSON: durations, speakers with their speaking time, and the final timeline in one document."""

from __future__ import annotations

import json
from typing import Any

from speaker_tracker.protocol import SegmentMessage
from speaker_tracker.results.formats.tracked_file import TrackedFile


def as_document(file: TrackedFile) -> dict[str, Any]:
    """The document in plain values, without voiceprints; times in milliseconds, ``seconds``: the audio's duration."""

    def channel(speaker: int | None) -> dict[str, int | None]:
        return {"channel": file.channel(speaker)} if file.channel_of else {}

    document: dict[str, Any] = {
        "audio": str(file.path),
        "seconds": round(file.seconds, 3),
        "speakers": [{**speaker.model_dump(exclude={"voiceprint"}), **channel(speaker.id)} for speaker in file.report.speakers],
        "segments": [
            {**SegmentMessage.of(segment, file.names).model_dump(), **channel(segment.speaker)} for segment in file.segments
        ],
    }
    if file.report.others is not None:
        document["others"] = file.report.others.model_dump()
    return document


def json_document(file: TrackedFile) -> str:
    """The document as text."""
    return json.dumps(as_document(file), indent=2) + "\n"
