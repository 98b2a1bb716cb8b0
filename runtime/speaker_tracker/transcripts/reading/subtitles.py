"""SRT and WebVTT. Tags are no words; who spoke by the file's own voice spans is left out."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO
from typing import Any

from speaker_tracker.transcripts.transcript import Segment, Transcript, TranscriptError
from speaker_tracker.transcripts.webvtt_py import webvtt_module
from speaker_tracker.transcripts.words import words_of

SRT_TAG = re.compile(r"</?(?:b|i|u|s|font)\b[^<>]*>|\{\\[^{}]*\}", re.IGNORECASE)
VTT_TAG = re.compile(r"<[^<>]*>")
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?(?:\s[^<>]*)?>|</v>")


def read_srt(text: str, name: str) -> Transcript:
    """The cues of an SRT file. Raises ``TranscriptError``."""
    cues = _parsed(text.lstrip(), "srt", name)
    segments = [_segment(cue, SRT_TAG.sub("", cue.raw_text), cue.raw_text) for cue in cues]
    if not segments:
        raise TranscriptError(f"{name} has no cues of SRT: a number, a line such as 00:00:01,000 --> 00:00:02,500, and the text")
    return Transcript("srt", segments)


def read_webvtt(text: str, name: str) -> Transcript:
    """The cues of a WebVTT file, with its styles. Raises ``TranscriptError``."""
    cues = _parsed(text, "vtt", name)
    segments = [_segment(cue, unescape(VTT_TAG.sub("", cue.raw_text)), VOICE.sub("", cue.raw_text)) for cue in cues]
    if not segments and "-->" in text:
        raise TranscriptError(f"{name} has no cue of WebVTT that can be read: a line such as 00:01.000 --> 00:02.500, and the text")
    return Transcript("vtt", segments, styles=[style.text for style in cues.styles])


def _parsed(text: str, kind: str, name: str) -> Any:
    library = webvtt_module()
    try:
        return library.WebVTT.from_buffer(BytesIO(text.encode()), format=kind)
    except library.errors.MalformedFileError as error:
        right = (
            "begins with the line WEBVTT"
            if kind == "vtt"
            else "has a number and a line such as 00:00:01,000 --> 00:00:02,500 before each text"
        )
        raise TranscriptError(f"{name} cannot be read as {kind}; such a file {right}") from error
    except (library.errors.MalformedCaptionError, ValueError) as error:
        raise TranscriptError(f"{name} cannot be read as {kind}: {error}") from error


def _segment(cue: Any, words: str, markup: str) -> Segment:
    start, end = _seconds(cue.start), _seconds(cue.end)
    end = max(start, end)
    return Segment(start, end, words_of(words, start, end), markup=markup, settings=str(cue.settings or ""))


def _seconds(clock: str) -> float:
    hours, minutes, seconds = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
