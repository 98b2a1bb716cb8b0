"""Many clients that send as fast as the server takes it, in the longest frames that it takes: its memory stays as it is."""

import threading
import time
from contextlib import ExitStack

import pytest

from support.raw_websocket import BINARY, TEXT, RawWebSocket, frame
from support.server_process import ServerProcess

pytestmark = pytest.mark.e2e

CLIENTS = 16
MIB = 1 << 20
HELD = 16
"""MiB that the server may hold, besides one frame of each client."""
SECONDS = 8
ALLOWANCE = 72
"""MiB for sessions themselves: what models need for more of them, and what the allocator keeps."""


@pytest.fixture
def server():
    process = ServerProcess(max_held_audio_mb=str(HELD))
    yield process
    process.end()


def test_memory_is_bounded_and_flat_with_many_fast_clients(server, connect, record_property):
    with connect(server.url) as client:  # what is made with the first session is no growth
        client.start()
        client.stream(bytes(32_000 * 10), frame=320_000)
        client.report()
    before = server.memory()
    long_frame = frame(BINARY, bytes(MIB))
    stop = threading.Event()

    def send(raw):
        try:
            while not stop.is_set():
                raw.send(long_frame)
        except OSError:  # the test has closed it
            pass

    with ExitStack() as stack:
        clients = [stack.enter_context(RawWebSocket(server.url)) for _ in range(CLIENTS)]
        for raw in clients:
            raw.send(frame(TEXT, b'{"action": "start"}'))
        senders = [threading.Thread(target=send, args=(raw,), daemon=True) for raw in clients]
        for sender in senders:
            sender.start()
        most = 0
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(0.1)
            most = max(most, server.memory() - before)
        stop.set()

    record_property("grown_mib", most / MIB)
    assert most < (HELD + CLIENTS + ALLOWANCE) * MIB
