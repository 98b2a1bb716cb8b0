"""A server in the test's own event loop, with a stage that tests can watch and steer; no models, no files."""

import asyncio
import json
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from speaker_tracker.engine.chain import Chain, configure
from speaker_tracker.engine.observers import Observers
from speaker_tracker.engine.plugins import BUILTIN_PLUGINS, PluginManager
from speaker_tracker.events import AudioGap, ClientMessage, Event, PcmReceived
from speaker_tracker.hookspecs import hookimpl
from speaker_tracker.observer import Observer
from speaker_tracker.protocol import ReportMessage, SpeakerMessage, SpeakerTotal
from speaker_tracker.server import binding
from speaker_tracker.server.app import create_app, session_server
from speaker_tracker.server.process import serve_until
from speaker_tracker.settings import Settings
from speaker_tracker.stage import LoadedStage, SessionInfo, StageOptions, StageSpec, StatelessStage

SECOND = b"\0\0" * 16_000


class StageProbe:
    """What tests see of the counting stages, and what they make them do.

    ``on_feed`` is called with each piece of PCM before it is counted.
    """

    def __init__(self) -> None:
        self.alive: weakref.WeakSet[CountingStage] = weakref.WeakSet()
        self.on_feed: Callable[[CountingStage, bytes], None] = lambda _stage, _data: None
        self.threads: set[int] = set()


class CountingStage(StatelessStage):
    """Says after each piece of audio that speaker 0 has spoken all the time."""

    def __init__(self, probe: StageProbe, session: SessionInfo) -> None:
        self.probe = probe
        self.session = session
        self.bytes = 0
        probe.alive.add(self)

    def feed(self, event: Event) -> Iterable[Event]:
        if isinstance(event, AudioGap):
            return [event]
        assert isinstance(event, PcmReceived)
        self.probe.threads.add(threading.get_ident())
        self.probe.on_feed(self, event.data)
        self.bytes += len(event.data)
        return [ClientMessage(SpeakerMessage(currentSpeakerId=0, speakingTimeMs={0: self.milliseconds}))]

    def flush(self) -> Iterable[Event]:
        speakers = [SpeakerTotal(id=0, totalTimeMs=self.milliseconds)] if self.bytes else []
        return [ClientMessage(ReportMessage(speakers=speakers))]

    @property
    def milliseconds(self) -> int:
        return self.bytes // 32


def counting_chain(probe: StageProbe, *, cpu_heavy: bool = True, counters: Callable[[], dict[str, int]] | None = None) -> Chain:
    def load(_options: StageOptions) -> LoadedStage:
        return LoadedStage(lambda session: CountingStage(probe, session), info={"model": "none"}, counters=counters)

    class Plugin:
        @hookimpl
        def speaker_tracker_stages(self) -> list[StageSpec]:
            return [
                StageSpec(
                    name="counting",
                    summary="counts",
                    consumes=frozenset({PcmReceived}),
                    produces=frozenset({ClientMessage}),
                    load=load,
                    cpu_heavy=cpu_heavy,
                )
            ]

    plugins = PluginManager(blocked=BUILTIN_PLUGINS)
    plugins.register(Plugin(), "counting plugin")
    return Chain(configure(plugins, ["counting"], {}))


class Client:
    """A WebSocket client that speaks the protocol's words."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def start(self, **more: Any) -> None:
        await self.say(action="start", **more)
        await self.expect(event="started")

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def send(self, data: bytes | str) -> None:
        await self.connection.send(data)

    async def hear(self) -> dict[str, Any]:
        return json.loads(await self.connection.recv())

    async def expect(self, **wanted: Any) -> dict[str, Any]:
        message = await self.hear()
        assert {key: message.get(key) for key in wanted} == wanted, message
        return message

    async def expect_close(self, code: int) -> None:
        await self.connection.wait_closed()
        assert self.connection.close_code == code

    async def expect_error(self, error: str, close: int) -> str:
        message = await self.expect(event="error", code=error)
        await self.expect_close(close)
        return message["message"]

    async def report(self) -> dict[str, Any]:
        await self.say(action="stop")
        while (message := await self.hear())["event"] != "report":
            pass
        await self.expect_close(1000)
        return message


class LiveServer:
    """A server that listens on a free port of the loopback, in the test's own event loop."""

    def __init__(self, settings: Settings, probe: StageProbe, chain: Chain, observers: Observers) -> None:
        self.probe = probe
        self.app = create_app(settings, chain, observers)
        self.shared = session_server(self.app)
        self.sessions = self.shared.registry
        self.stop = asyncio.Event()
        config = binding.hypercorn_config(settings)
        self._sockets = binding.bind(config, settings)
        self.url = binding.url(self._sockets)
        self.serving = asyncio.create_task(serve_until(self.stop, self.app, config, self._sockets, settings.grace_seconds))

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._sockets.insecure_sockets[0].getsockname()[:2]
        return host, port

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[Client]:
        options = {"compression": None, "max_queue": None, **options}
        async with connect(self.url + options.pop("query", ""), **options) as connection:
            yield Client(connection)

    async def raw_exchange(self, data: bytes) -> bytes:
        """All that the server sends to one who sends ``data``, until the server closes."""
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(data)
        reply = await reader.read()
        writer.close()
        return reply

    async def get(self, path: str, **headers: str) -> tuple[int, str, bytes]:
        """Status, headers and body of a GET."""
        lines = [f"GET {path} HTTP/1.1", "Host: test", "Connection: close", *map(": ".join, headers.items()), "", ""]
        head, _, body = (await self.raw_exchange("\r\n".join(lines).encode())).partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode().lower(), body

    async def request(self, path: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON body of a GET."""
        status, _, body = await self.get(path)
        return status, json.loads(body)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for what must come to be true; the test's own time-out ends a wait in vain."""
        while not condition():  # noqa: ASYNC110 - of all sorts, and mostly without an event
            await asyncio.sleep(0.005)

    async def end(self) -> None:
        self.stop.set()
        await self.serving
        binding.close(self._sockets)


@pytest.fixture
def probe() -> StageProbe:
    return StageProbe()


@pytest.fixture
async def serve(probe: StageProbe) -> AsyncIterator[Callable[..., LiveServer]]:
    """Starts servers with the settings and ``observers`` (by name) that it is called with."""
    servers: list[LiveServer] = []

    def start(
        *,
        cpu_heavy: bool = True,
        observers: dict[str, Observer] | None = None,
        counters: Callable[[], dict[str, int]] | None = None,
        **settings: Any,
    ) -> LiveServer:
        values = {"port": 0, "grace_seconds": 0.2, "worker_threads": 4, **settings}
        chain = counting_chain(probe, cpu_heavy=cpu_heavy, counters=counters)
        servers.append(LiveServer(Settings(**values), probe, chain, Observers(list((observers or {}).items()))))
        return servers[-1]

    yield start
    for server in servers:
        await server.end()
