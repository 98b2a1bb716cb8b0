"""The clients of a measurement: many sessions in a process of their own, so that their work is not the server's."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from speaker_tracker.benchmark.delays import Percentiles
from speaker_tracker.benchmark.errors import BenchmarkError
from speaker_tracker.benchmark.live_session import LiveSession, Pace, SessionState
from speaker_tracker.benchmark.recordings import LoopedAudio

OPEN_SECONDS = 30.0
"""Time in which all sessions must have begun or been refused."""


@dataclass(frozen=True, slots=True)
class Load:
    """Sessions to be run side by side.

    ``url``: the server. ``sessions``: their number. ``num_speakers``, ``pace``: of each. ``ramp``: seconds over which they begin,
    at random. ``warm_up``: seconds from then on until delays count. ``seconds``: for which they count; None: until every session
    has stopped by itself. ``seed``: of where in the audio, and when, each begins.
    """

    url: str
    sessions: int
    num_speakers: int
    pace: Pace
    ramp: float
    warm_up: float
    seconds: float | None
    seed: int


@dataclass(frozen=True, slots=True)
class ClientFigures:
    """What clients saw of a load.

    ``delays``: of messages that came while they counted; None if none came. ``lateness``: of frames, sent after they were due; if
    it is large, the machine had no time for its clients. ``admitted``, ``refused``: numbers of sessions. ``failures``: why sessions
    failed, a sentence each. ``cpu_seconds``: CPU time of the clients. ``seconds``: for which all this was measured.
    """

    delays: Percentiles | None
    lateness: Percentiles | None
    admitted: int
    refused: int
    failures: Sequence[str]
    cpu_seconds: float
    seconds: float


class Clients:
    """Process of clients that send ``pcm``, looped; made by ``clients``."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def begin(self, load: Load) -> None:
        """Opens the sessions; returns once they have warmed up and their delays count. Raises ``BenchmarkError``."""
        self._send(load)
        self._receive()

    def end(self) -> ClientFigures:
        """Waits until the load is over; the clients leave once ``leave`` is called."""
        figures = self._receive()
        if not isinstance(figures, ClientFigures):
            raise BenchmarkError("the process of the clients answered what was not asked")
        return figures

    def poll(self, seconds: float) -> bool:
        """Whether the load is over; waits ``seconds`` at most."""
        try:
            return self._pipe.poll(seconds)
        except OSError as error:
            raise BenchmarkError("the process of the clients has ended") from error

    def leave(self) -> None:
        """Drops all connections."""
        self._send(None)
        self._receive()

    def _send(self, command: Load | None) -> None:
        try:
            self._pipe.send(command)
        except OSError as error:
            raise BenchmarkError("the process of the clients has ended") from error

    def _receive(self) -> object:
        try:
            answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise BenchmarkError("the process of the clients has ended") from error
        if isinstance(answer, BenchmarkError):
            raise answer
        return answer


@contextmanager
def clients(pcm: bytes) -> Iterator[Clients]:
    """A process of clients that send ``pcm``, ended at the end. ``pcm``: as ``read_recordings`` gives it."""
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run, args=(theirs, pcm), name="speaker-tracker-bench-clients", daemon=True)
    process.start()
    theirs.close()
    try:
        yield Clients(ours)
    finally:
        ours.close()
        process.join(5.0)
        if process.is_alive():
            process.kill()
            process.join()


def _run(pipe: Connection, pcm: bytes) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer; the pipe's end tells this process
    while True:
        try:
            load = pipe.recv()
            if load is not None:
                asyncio.run(_under(load, pcm, pipe))
        except (EOFError, OSError):
            return
        except BenchmarkError as error:
            pipe.send(error)


async def _under(load: Load, pcm: bytes, pipe: Connection) -> None:
    audio = LoopedAudio(pcm, load.pace.frame_ms)
    news = asyncio.Event()
    sessions = await _opened(load, audio, news)
    try:
        await _until(news, lambda: all(each.state is not SessionState.OPENING for each in sessions), OPEN_SECONDS)
        await asyncio.sleep(load.warm_up)
        loop = asyncio.get_running_loop()
        begin, cpu = loop.time(), time.process_time()
        pipe.send("begin")
        if load.seconds is None:
            await _until(news, lambda: all(each.state is not SessionState.STREAMING for each in sessions), None)
        else:
            await asyncio.sleep(load.seconds)
        end, cpu = loop.time(), time.process_time() - cpu
        pipe.send(_figures(sessions, begin, end, cpu))
        await loop.run_in_executor(None, pipe.recv)  # to leave
    finally:
        for each in sessions:
            each.leave()
        await asyncio.sleep(0.05)
    pipe.send("left")


async def _opened(load: Load, audio: LoopedAudio, news: asyncio.Event) -> list[LiveSession]:
    chance = random.Random(load.seed)  # noqa: S311 - the same in each run
    address = urlsplit(load.url)
    loop = asyncio.get_running_loop()
    begin = loop.time()
    sessions = []
    for delay in sorted(chance.uniform(0, load.ramp) for _ in range(load.sessions)):
        await asyncio.sleep(max(0.0, begin + delay - loop.time()))
        start, phase = chance.randrange(audio.samples), chance.random()
        session = LiveSession(load.url, load.num_speakers, audio, load.pace, start=start, phase=phase, on_news=news.set)
        try:
            await loop.create_connection(partial(_itself, session), address.hostname or "", address.port or 0)
        except OSError as error:
            session.fail(f"no connection: {error}")
        sessions.append(session)
    return sessions


def _itself(session: LiveSession) -> LiveSession:
    return session


async def _until(news: asyncio.Event, holds: Callable[[], bool], seconds: float | None) -> None:
    """Waits until ``holds``, which is looked at again upon ``news``, or for ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            while not holds():
                news.clear()
                await news.wait()
    except TimeoutError:
        return


def _figures(sessions: Sequence[LiveSession], begin: float, end: float, cpu_seconds: float) -> ClientFigures:
    states = Counter(each.state for each in sessions)
    still_opening = [f"it had not begun after {OPEN_SECONDS:g} s"] * states[SessionState.OPENING]
    return ClientFigures(
        delays=Percentiles.of([delay for each in sessions for delay in each.delays.within(begin, end)]),
        lateness=Percentiles.of([late for each in sessions for at, late in each.lateness if begin <= at < end]),
        admitted=states[SessionState.STREAMING] + states[SessionState.DONE],
        refused=states[SessionState.REFUSED],
        failures=[*(each.failure for each in sessions if each.state is SessionState.FAILED), *still_opening],
        cpu_seconds=cpu_seconds,
        seconds=end - begin,
    )
