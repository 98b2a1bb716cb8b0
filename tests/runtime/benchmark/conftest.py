"""Measured servers with the scripted chain, which needs no model, and clients that send a conversation."""

import pytest

from speaker_tracker.benchmark.clients import clients
from speaker_tracker.benchmark.recordings import read_recordings
from speaker_tracker.settings import load_settings


@pytest.fixture
def pcm(conversation) -> bytes:
    """Four seconds."""
    return read_recordings([conversation])


@pytest.fixture
def sending(pcm):
    """A process of clients."""
    with clients(pcm) as found:
        yield found


@pytest.fixture
def settings(scripted_chain):  # noqa: ARG001 - sets the environment
    """Those of the scripted chain."""
    return load_settings()
