"""Labelled transcripts as files, each format in a module of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from speaker_tracker.transcripts.transcript import Transcript
from speaker_tracker.transcripts.writing.json_document import json_document
from speaker_tracker.transcripts.writing.subtitles import srt, webvtt
from speaker_tracker.transcripts.writing.text import markdown, plain_text

__all__ = ["OUTPUTS", "Output", "by_suffix", "usual_output"]


@dataclass(frozen=True, slots=True)
class Output:
    """``suffixes``: endings of files that ask for it. ``render``: the file's text, of a labelled transcript."""

    name: str
    suffixes: tuple[str, ...]
    render: Callable[[Transcript], str]


OUTPUTS = {
    output.name: output
    for output in (
        Output("srt", (".srt",), srt),
        Output("vtt", (".vtt",), webvtt),
        Output("json", (".json",), json_document),
        Output("text", (".txt",), plain_text),
        Output("markdown", (".md", ".markdown"), markdown),
    )
}
"""Formats by name, as for ``label --to``."""


def by_suffix(suffix: str) -> Output | None:
    """The format that a file's ending asks for, None if there is none."""
    return next((output for output in OUTPUTS.values() if suffix.lower() in output.suffixes), None)


def usual_output(transcript: Transcript) -> Output:
    """The format nearest to that of the transcript: the same for subtitles and JSON, text for tables."""
    if transcript.document is not None:
        return OUTPUTS["json"]
    return OUTPUTS.get(transcript.kind, OUTPUTS["text"])
