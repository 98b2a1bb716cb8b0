"""Signals held back from a server, with real signals of this process."""

import asyncio
import os
import signal

import pytest

from speaker_tracker.server.server_end import HeldSignals, hypercorn_end


class Server:
    """Has the signals as a server has them, and sessions that finish when the test says so."""

    def __init__(self):
        self.got = []
        self.finished = asyncio.Event()
        self.draining = asyncio.Event()

    def on_signal(self, number, _frame):
        self.got.append(number)

    async def drain(self):
        self.draining.set()
        await self.finished.wait()

    async def stop(self):
        raise AssertionError("a server that answers signals stops by itself")


@pytest.fixture
async def server():
    server = Server()
    before = {number: signal.signal(number, server.on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    held = HeldSignals(server.drain, server.stop)
    held.hold()
    yield server
    held.let_go()
    assert signal.getsignal(signal.SIGTERM) == server.on_signal
    for number, handler in before.items():
        signal.signal(number, handler)


async def got(server, *numbers):
    async with asyncio.timeout(60):
        while server.got != list(numbers):  # noqa: ASYNC110 - handlers of signals cannot tell
            await asyncio.sleep(0.01)


async def test_a_signal_reaches_the_server_once_sessions_have_finished(server):
    os.kill(os.getpid(), signal.SIGTERM)
    await server.draining.wait()
    assert server.got == []

    server.finished.set()
    await got(server, signal.SIGTERM)


async def test_a_second_one_reaches_it_at_once(server):
    os.kill(os.getpid(), signal.SIGTERM)
    await server.draining.wait()

    os.kill(os.getpid(), signal.SIGTERM)
    await got(server, signal.SIGTERM)


async def test_another_kind_is_held_too_as_terminals_and_parents_send_one_each(server):
    os.kill(os.getpid(), signal.SIGINT)
    await server.draining.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.1)
    assert server.got == []

    server.finished.set()
    async with asyncio.timeout(60):
        while sorted(server.got) != [signal.SIGINT, signal.SIGTERM]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)


async def test_what_comes_after_the_sessions_is_not_held(server):
    server.finished.set()
    os.kill(os.getpid(), signal.SIGTERM)
    await got(server, signal.SIGTERM)

    os.kill(os.getpid(), signal.SIGTERM)
    await got(server, signal.SIGTERM, signal.SIGTERM)


async def test_signals_that_the_process_ignores_stay_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = Server()
    held = HeldSignals(server.drain, server.stop)
    held.hold()
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    held.let_go()
    signal.signal(signal.SIGINT, before)


def test_other_servers_than_hypercorn_give_no_notice():
    async def send(message):
        pass

    assert hypercorn_end(send) is None
