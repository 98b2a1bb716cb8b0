"""Servers for clients to talk to: one that works, on the scripted chain, and whatever a test makes up."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from websockets.sync.server import serve

from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.engine.session import Session
from speaker_tracker.engine.session_io import BytesReceived, Close, TextReceived
from speaker_tracker.settings import load_settings


@pytest.fixture
def serve_with() -> Iterator[Callable[..., str]]:
    """Starts a server with a handler of connections; gives its address."""
    servers = []

    def start(handler, **options) -> str:
        server = serve(handler, "127.0.0.1", 0, **options)
        servers.append((server, threading.Thread(target=server.serve_forever)))
        servers[-1][1].start()
        return f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws/session"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()


@pytest.fixture
def tracker(scripted_chain, serve_with) -> str:  # noqa: ARG001 - the chain that is built here
    """The address of a server that runs sessions as the real one does, without its limits."""
    chain = build_chain(load_settings())

    def run_session(websocket) -> None:
        session = Session("test", chain.open)
        for data in websocket:
            for step in session.handle(TextReceived(data) if isinstance(data, str) else BytesReceived(data)):
                for output in step:
                    if isinstance(output, Close):
                        websocket.close(output.code, output.reason)
                        return
                    websocket.send(output.message.model_dump_json())

    return serve_with(run_session, max_size=None)


@pytest.fixture
def place(scripted_chain, start_server, unused_tcp_port):  # noqa: ARG001 - the chain of the servers
    """Starts servers, one after another at the same address."""

    class Place:
        url = f"ws://127.0.0.1:{unused_tcp_port}/ws/session"

        @staticmethod
        async def start(**settings):
            server = start_server("--port", str(unused_tcp_port), **settings)
            assert await asyncio.to_thread(lambda: server.url) == Place.url
            return server

    return Place
