"""JSON in the shape that came in, with speakers."""

from __future__ import annotations

import json
from typing import Any

from speaker_tracker.transcripts.labelling import main_speaker
from speaker_tracker.transcripts.transcript import Segment, Transcript, joined

SPEAKER = "speaker"


def json_document(transcript: Transcript) -> str:
    """The document that was read, with ``speaker`` at each word and segment; null for nobody.

    A segment in which several speak has the one with most of its time. Subtitles and tables, which were no JSON, become a document
    in the shape of Whisper's.
    """
    if transcript.document is None:
        return _text({"segments": [_segment(segment) for segment in transcript.segments]})
    for segment in (*transcript.echoes, *transcript.segments):
        for place in segment.places:
            place[SPEAKER] = main_speaker(segment)
        for word in segment.words:
            for place in word.places:
                place[SPEAKER] = word.speaker
    return _text(transcript.document)


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": joined(segment.words),
        SPEAKER: main_speaker(segment),
        "words": [
            {"word": word.text, "start": round(word.start, 3), "end": round(word.end, 3), SPEAKER: word.speaker}
            for word in segment.words
        ],
    }


def _text(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
