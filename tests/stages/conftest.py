"""The longer of the project's own conversations, and what is loaded once for all tests of a process: models, stages, a chain."""

import pytest

from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.engine.chain import Chain
from speaker_tracker.settings import Settings
from speaker_tracker.stage import LoadedStage
from support.known_conversation import DATA, KnownConversation, read_conversation
from support.stage_harness import load


@pytest.fixture(scope="session")
def conversation() -> KnownConversation:
    """Three voices, about 90 s."""
    return read_conversation(DATA / "conversation.flac", DATA / "conversation.rttm")


@pytest.fixture(scope="session")
def embedding() -> LoadedStage:
    """``speechbrain_embedding`` with the model that comes with the project."""
    return load("speechbrain_embedding", source="embedded")


@pytest.fixture(scope="session")
def silero_vads() -> dict[str, LoadedStage]:
    """``silero_vad`` by its backend."""
    return {backend: load("silero_vad", backend=backend) for backend in ("torch", "onnx")}


@pytest.fixture(scope="session")
def chain() -> Chain:
    """The default one, with the model that comes with the project."""
    return build_chain(Settings(stage_options={"speechbrain_embedding": {"source": "embedded"}}))
