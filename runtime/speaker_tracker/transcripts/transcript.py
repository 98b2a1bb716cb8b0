"""A transcript as it is labelled: segments of words with times, whatever program wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from speaker_tracker.errors import UserError


class TranscriptError(UserError):
    """A transcript cannot be read or labelled."""


@dataclass(slots=True)
class Word:
    """A word with punctuation, spoken in ``[start, end)`` (seconds).

    ``spaced``: whether a space comes before it. ``places``: the objects of the JSON document that stand for it. ``speaker``: who
    says it, once that is known; None for nobody.
    """

    text: str
    start: float
    end: float
    spaced: bool = True
    places: list[dict[str, Any]] = field(default_factory=list)
    speaker: str | None = None


@dataclass(slots=True)
class Segment:
    """What a transcript shows at once: a cue, a sentence, an utterance. Times in seconds.

    ``places``: the objects of the JSON document that stand for it. ``markup``: a cue's text as the file has it, with line breaks
    and tags, but for voices. ``settings``: where and how a WebVTT cue is placed.
    """

    start: float
    end: float
    words: list[Word]
    places: list[dict[str, Any]] = field(default_factory=list)
    markup: str | None = None
    settings: str = ""


@dataclass(slots=True)
class Transcript:
    """``kind``: a name of ``reading.KINDS``. ``segments``: in the order of the file.

    ``echoes``: parts of the JSON document that have the same words once more. ``document``: the parsed JSON, else None. ``styles``:
    the style sheets of a WebVTT file.
    """

    kind: str
    segments: list[Segment]
    echoes: list[Segment] = field(default_factory=list)
    document: Any = None
    styles: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[Word]:
        """All words, in the order of the file, without echoes."""
        return [word for segment in self.segments for word in segment.words]


def joined(words: Sequence[Word]) -> str:
    """The words as text."""
    return "".join(f" {word.text}" if word.spaced else word.text for word in words).strip()
