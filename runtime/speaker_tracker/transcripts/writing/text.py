"""Text by turns: who says what, without the breaks of subtitles."""

from __future__ import annotations

import re

from speaker_tracker.transcripts.cues import by_turns, cues_of
from speaker_tracker.transcripts.transcript import Transcript

UNKNOWN = "Unknown"
"""Stands for nobody, where each paragraph has a name."""


def plain_text(transcript: Transcript) -> str:
    """A paragraph for each turn, such as ``Anna: Good morning!``."""
    turns = by_turns(cues_of(transcript.segments))
    return "\n".join(f"{turn.speaker or UNKNOWN}: {turn.text}\n" for turn in turns)


def markdown(transcript: Transcript) -> str:
    """A paragraph for each turn, with the name in bold and the time at which it begins."""
    turns = by_turns(cues_of(transcript.segments))
    return "\n".join(f"**{_escaped(turn.speaker or UNKNOWN)}** ({_clock(turn.start)}): {_escaped(turn.text)}\n" for turn in turns)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", text)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
