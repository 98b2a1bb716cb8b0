"""The server as it comes: the default chain with its models, in a process of its own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.known_conversation import KnownConversation
from support.protocol_client import ProtocolClient
from support.server_process import ServerProcess


@pytest.fixture(scope="session")
def server() -> Iterator[ServerProcess]:
    """One server for all tests that do not need one of their own, which so show that they do each other no harm."""
    process = ServerProcess()
    yield process
    process.end()


@pytest.fixture
def connect(server: ServerProcess) -> Iterator[Callable[..., ProtocolClient]]:
    """Opens connections, to ``server`` unless a URL is given; they close with the test."""
    clients: list[ProtocolClient] = []

    def open_one(url: str | None = None, **options: Any) -> ProtocolClient:
        clients.append(ProtocolClient(url or server.url, **options))
        return clients[-1]

    yield open_one
    for client in clients:
        client.__exit__()


@pytest.fixture(scope="session")
def pcm(dialogue: KnownConversation) -> bytes:
    """The dialogue as a client sends it."""
    return (dialogue.samples * 32767).astype("<i2").tobytes()
