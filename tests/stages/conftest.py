"""The project's own conversations, and stages loaded once."""

import pytest

from speaker_tracker.stage import LoadedStage
from support.known_conversation import DATA, KnownConversation, read_conversation
from support.stage_harness import load


@pytest.fixture(scope="session")
def dialogue() -> KnownConversation:
    """Two voices, about 40 s."""
    return read_conversation(DATA / "dialogue.flac", DATA / "dialogue.rttm")


@pytest.fixture(scope="session")
def conversation() -> KnownConversation:
    """Three voices, about 90 s."""
    return read_conversation(DATA / "conversation.flac", DATA / "conversation.rttm")


@pytest.fixture(scope="session")
def embedding() -> LoadedStage:
    """``speechbrain_embedding`` with the model that comes with the project."""
    return load("speechbrain_embedding", source="embedded")
