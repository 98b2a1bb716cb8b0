"""Kills a server again and again while a client streams to it, and tells what is left of the conversation.

    python scripts/kill_resume.py AUDIO [--kills N] [--num-speakers K] [--stores sqlite redis]

The default chain, with its sessions in an SQLite file and then in Redis (`redis-server` must be installed). The Python client
streams the recording at about five times real time, from its beginning again when it is over, until N servers were killed at random
moments (SIGKILL), each with another taking its place; the client resumes its session there. The timeline of the report is compared
with that of a session of the same audio that nobody disturbed. For each store:

`different`: speaker time that is labelled otherwise, for each kill; `DER`: the undisturbed timeline taken as the truth. `goes on`:
from when another server is ready until the client has resumed the session; `ready`: how long a server takes to be. The last line
tells of the bytes of a kept session (of the first five minutes), and the share of the CPU time of the chain that saving takes, in
this process.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from speaker_tracker.client import Backoff, Part, Resumed, TrackerClient
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.engine.saved_session import SavedSession, encode
from speaker_tracker.evaluation.scoring import score
from speaker_tracker.events import PcmReceived
from speaker_tracker.protocol import StartCommand
from speaker_tracker.results.rttm import Turn
from speaker_tracker.settings import load_settings
from speaker_tracker.stage import SessionInfo
from support.redis_process import RedisProcess
from support.server_process import ServerProcess

FRAME_BYTES = 6400
FRAME_SECONDS = 0.04
"""Between two frames of 200 ms."""
SECONDS_PER_KILL = 12
"""Of audio."""
PATIENT = Backoff(attempts=1_000_000, first_seconds=0.05, longest_seconds=0.2, give_up_seconds=1e6)
CHECKPOINT_BYTES = 160_000
"""Of audio between two saves, as by default."""


class Killed:
    """Servers that follow each other at one address, and what the client notices of that."""

    def __init__(self, store: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._store = store
        self.url = f"ws://127.0.0.1:{self._port}/ws/session"
        self.ready_seconds: list[float] = []
        self.resumed_seconds: list[float] = []
        self._ready = 0.0
        self.start()

    def start(self) -> None:
        """Starts a server, and waits until it is ready."""
        begin = time.monotonic()
        self._server = ServerProcess("--port", str(self._port), resume_store=self._store)
        assert self._server.url  # noqa: S101 - waits
        self._ready = time.monotonic()
        self.ready_seconds.append(self._ready - begin)

    def kill(self) -> None:
        """Kills the server, without any warning."""
        self._server.process.kill()
        self._server.wait()

    def note_resumed(self) -> None:
        """The client has its session back."""
        self.resumed_seconds.append(max(0.0, time.monotonic() - self._ready))

    def end(self) -> None:
        """Ends the server."""
        self._server.end()


async def undisturbed(url: str, speakers: int, pcm: bytes) -> Part:
    """The part of the report of a session that nobody disturbs."""
    async with TrackerClient(url, num_speakers=speakers) as client:
        return (await client.stream(pcm)).parts[0]


async def disturbed(servers: Killed, speakers: int, pcm: bytes, kills: int) -> list[Part]:
    """The parts of the report of a session whose server is killed so often; one if nothing was lost."""
    chance = random.Random(kills)  # noqa: S311 - moments, not secrets
    spread = len(pcm) // (kills + 1)
    moments = [spread * (number + 1) + chance.randrange(-spread // 3, spread // 3) for number in range(kills)]
    async with TrackerClient(servers.url, num_speakers=speakers, reconnect=PATIENT) as client:

        async def listen() -> None:
            async for event in client:
                if isinstance(event, Resumed):
                    servers.note_resumed()

        listening = asyncio.create_task(listen())
        for begin in range(0, len(pcm), FRAME_BYTES):
            await client.send(pcm[begin : begin + FRAME_BYTES])
            await asyncio.sleep(FRAME_SECONDS)
            if moments and begin >= moments[0]:
                moments.pop(0)
                await asyncio.to_thread(servers.kill)
                await asyncio.to_thread(servers.start)
        report = await client.stop()
        await listening
    return list(report.parts)


def saving(speakers: int, pcm: bytes) -> tuple[list[int], float]:
    """Bytes of a session each time that it is saved, and the share of CPU time that saving takes."""
    chain = build_chain(load_settings())
    pipeline = chain.open(SessionInfo("measured", speakers, timeline=True))
    sizes: list[int] = []
    tracking = saved = 0.0
    for begin in range(0, len(pcm), CHECKPOINT_BYTES):
        clock = time.process_time()
        for offset in range(begin, min(begin + CHECKPOINT_BYTES, len(pcm)), 3200):
            pipeline.feed(PcmReceived(pcm[offset : offset + 3200]))
        between = time.process_time()
        session = SavedSession("measured", chain.fingerprint, StartCommand(), begin // 2, 0, (), pipeline.snapshot())
        sizes.append(len(encode(session)))
        tracking += between - clock
        saved += time.process_time() - between
    pipeline.close()
    return sizes, saved / (saved + tracking)


def turns(part: Part) -> list[Turn]:
    """A timeline as the truth for another."""
    return [Turn("session", s.start_ms / 1000, s.end_ms / 1000, str(s.speaker)) for s in part.segments if s.speaker is not None]


def row(store: str, address: str, pcm: bytes, given: argparse.Namespace) -> str:
    """Runs the sessions of one store; the line of the table."""
    servers = Killed(address)
    try:
        alone = asyncio.run(undisturbed(servers.url, given.num_speakers, pcm))
        parts = asyncio.run(disturbed(servers, given.num_speakers, pcm, given.kills))
    finally:
        servers.end()
    if len(parts) != 1:
        return f"{store}: the session was lost, and went on as {len(parts)}"
    error = score(turns(alone), list(parts[0].segments), alone.sent_ms / 1000)
    wrong = error.missed + error.false_alarm + error.confusion
    on, ready = sorted(servers.resumed_seconds), servers.ready_seconds
    return (
        f"{store:7s} {given.kills:5d} {len(on):8d} {wrong / given.kills:10.2f} {100 * (error.rate or 0):6.2f} "
        f"{statistics.median(on):9.2f} {on[-1]:6.2f} {statistics.median(ready):6.2f}"
    )


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path, help="a recording, 16 kHz and mono")
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="kills over each store (100)")
    parser.add_argument("--num-speakers", type=int, default=3, metavar="K", help="voices to track (3)")
    parser.add_argument("--stores", nargs="+", choices=["sqlite", "redis"], default=["sqlite", "redis"], help="both by default")
    given = parser.parse_args()
    logging.disable(logging.WARNING)  # of the client, at each attempt to connect
    samples, _ = soundfile.read(given.audio, dtype="int16")
    wanted = (given.kills + 1) * SECONDS_PER_KILL * 32_000
    pcm = (samples.tobytes() * (wanted // (2 * len(samples)) + 1))[:wanted]
    print(f"{len(pcm) / 32_000:.0f} s of audio")
    print("                            different           goes on, s      ready,")
    print("store   kills  resumed  s for a kill  DER, %   median    max      s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for store in given.stores:
            if store == "sqlite":
                print(row(store, f"sqlite:{folder}/sessions.sqlite", pcm, given), flush=True)
            else:
                process = RedisProcess(Path(folder))
                try:
                    print(row(store, process.url, pcm, given), flush=True)
                finally:
                    process.stop()
    sizes, share = saving(given.num_speakers, pcm[: 32_000 * 300])
    print(f"a save every 5 s: {statistics.median(sizes):.0f} bytes, at most {max(sizes)}; {100 * share:.2f} % of the CPU time")


if __name__ == "__main__":
    main()
