"""Recorded conversations that lie beside a checkout, where they do: too large and of too many licences to be part of it."""

import json
from pathlib import Path
from typing import Any

import pytest

CONVERSATIONS = Path(__file__).parents[3] / "shared" / "data" / "conversations"
MANIFEST = CONVERSATIONS / "manifest.json"
VERIFICATION = CONVERSATIONS.parent / "verification"
SPEECH = CONVERSATIONS.parent / "speech"

needs_shared_data = pytest.mark.skipif(not MANIFEST.is_file(), reason=f"no conversations in {CONVERSATIONS}")


def conversations(group: str) -> list[dict[str, Any]]:
    """The manifest's entries of one group; none where the data is not there."""
    if not MANIFEST.is_file():
        return []
    return [entry for entry in json.loads(MANIFEST.read_text(encoding="utf-8")) if entry["group"] == group]


def recordings() -> list[Path]:
    """Every recording beside a checkout, of whatever kind; none where the data is not there."""
    return sorted(path for ending in ("flac", "opus") for path in CONVERSATIONS.parent.rglob(f"*.{ending}"))
