"""Clients that send audio and never read what they are told: let go after the idle time-out, without a word too many in the log."""

import asyncio
import logging
import socket

import pytest

HANDSHAKE = (
    b"GET /ws/session HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def frame(opcode, payload):
    """A short frame of a client, masked with zeros."""
    assert len(payload) < 126
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


START = frame(1, b'{"action": "start", "timeline": true}')
SAMPLES = frame(2, bytes(2)) * 100
"""Each is answered with a message, so that little audio fills the buffers on the way back."""


async def flood(address):
    """Sends audio until the server cuts the connection; reads the handshake's answer alone."""
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        await loop.sock_connect(raw, address)
        await loop.sock_sendall(raw, HANDSHAKE)
        assert b" 101 " in await loop.sock_recv(raw, 1000)
        with pytest.raises(OSError, match=r"."):  # noqa: PT012 - at some time it is cut off
            await loop.sock_sendall(raw, START)
            while True:
                await loop.sock_sendall(raw, SAMPLES)


async def test_they_are_let_go_without_a_traceback(serve, caplog):
    server = serve(cpu_heavy=False, idle_timeout_seconds=2, max_messages_per_second=1e6)
    await server.request("/health")
    others = asyncio.all_tasks()  # the server's own

    with caplog.at_level(logging.INFO):
        await asyncio.gather(*(flood(server.address) for _ in range(3)))
        await server.until(lambda: len(server.sessions) == 0)
        await server.until(lambda: asyncio.all_tasks() <= others)  # the connections' tasks are over too

    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert len([record for record in caplog.records if "ended (client" in record.getMessage()]) == 3


async def until_nothing_moves(probe):
    """Waits until the server takes no more audio, as it is stuck with what nobody reads."""
    before, unchanged = 0, 0
    while unchanged < 20:  # looks, between which the server has its turns even where this machine stands still for a while
        await asyncio.sleep(0.05)
        taken = sum(stage.bytes for stage in probe.alive)
        unchanged = unchanged + 1 if taken and taken == before else 0
        before = taken


async def test_they_do_not_show_in_the_log_at_the_end_of_the_server_either(serve, probe, caplog):
    server = serve(cpu_heavy=False, idle_timeout_seconds=60, max_messages_per_second=1e6)
    flooding = asyncio.create_task(flood(server.address))
    await until_nothing_moves(probe)

    with caplog.at_level(logging.INFO):
        await server.end()
        await flooding

    complaints = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert complaints == ["1 sessions did not finish in time and were cut off"]
