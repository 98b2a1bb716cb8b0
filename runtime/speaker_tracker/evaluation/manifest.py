"""Manifests: JSON lists of conversations with references."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from speaker_tracker.errors import UserError
from speaker_tracker.protocol import MAX_SPEAKERS

Part = tuple[int, int]
WHOLE: Part = (1, 1)


class ManifestError(UserError):
    """A manifest is invalid; the message names the entry."""


class Conversation(BaseModel):
    """One entry of a manifest; unknown keys are ignored.

    ``audio``, ``rttm``: paths, in the file relative to the manifest. ``num_speakers``: number of voices to track.
    ``seconds``: length of the scored audio, from its begin.
    """

    model_config = ConfigDict(frozen=True)

    uri: Annotated[str, Field(min_length=1)]
    audio: Path
    rttm: Path
    num_speakers: Annotated[int, Field(ge=1, le=MAX_SPEAKERS)]
    group: Annotated[str, Field(min_length=1)]
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)]


def read_manifest(path: Path) -> list[Conversation]:
    """The conversations of a manifest, with paths resolved. Raises ``ManifestError``."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ManifestError(f"there is no manifest {path}") from error
    except OSError as error:
        raise ManifestError(f"manifest {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ManifestError(f"manifest {path} is not JSON: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise ManifestError(f"manifest {path} must be a JSON list of conversations, with one at least")
    conversations: list[Conversation] = []
    for number, entry in enumerate(entries, start=1):
        conversation = _conversation(entry, path, number)
        if any(conversation.uri == other.uri for other in conversations):
            raise ManifestError(f"manifest {path}, entry {number}: uri {conversation.uri!r} is given twice")
        conversations.append(conversation)
    return conversations


def _conversation(entry: Any, path: Path, number: int) -> Conversation:
    where = f"manifest {path}, entry {number}"
    if isinstance(entry, dict) and isinstance(entry.get("uri"), str):
        where += f" ({entry['uri']})"
    try:
        conversation = Conversation.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if not first["loc"]:
            raise ManifestError(f"{where}: must be an object with {', '.join(Conversation.model_fields)}") from error
        if first["type"] == "missing":
            raise ManifestError(f"{where}: {first['loc'][0]!r} is missing") from error
        raise ManifestError(f"{where}: {first['loc'][0]!r} cannot be {first['input']!r}: {first['msg']}") from error
    conversation = conversation.model_copy(
        update={"audio": path.parent / conversation.audio, "rttm": path.parent / conversation.rttm}
    )
    for field, file in (("audio", conversation.audio), ("rttm", conversation.rttm)):
        if not file.is_file():
            raise ManifestError(f"{where}: {field!r} names {file}, which is no file")
    return conversation


def select(
    conversations: Sequence[Conversation], groups: Sequence[str], uris: Sequence[str], part: Part = WHOLE
) -> list[Conversation]:
    """The conversations of ``groups`` and ``uris``; empty means all. Raises ``ManifestError`` if nothing is left.

    ``part``: number of a part, from 1, and number of parts; part 2 of 3 has every third conversation from the second on.
    """
    for name, chosen, known in (
        ("group", groups, {conversation.group for conversation in conversations}),
        ("uri", uris, {conversation.uri for conversation in conversations}),
    ):
        for unknown in (choice for choice in chosen if choice not in known):
            raise ManifestError(f"no conversation of the manifest has {name} {unknown!r}; there are: {', '.join(sorted(known))}")
    number, parts = part
    chosen_ones = [
        conversation
        for conversation in conversations[number - 1 :: parts]
        if (not groups or conversation.group in groups) and (not uris or conversation.uri in uris)
    ]
    if not chosen_ones:
        chosen = [*(f"group {name}" for name in groups), *(f"uri {name}" for name in uris), f"part {number}/{parts}"]
        raise ManifestError(f"no conversation of the manifest is of {' and '.join(chosen)}")
    return chosen_ones
