"""Keeps a server busy for long with clients of all kinds, and tells whether it has lost, leaked or logged anything.

    python scripts/soak.py AUDIO [--minutes M] [--sessions N] [--speed X] [--workers W]

N sessions at a time of the configured chain, each of up to 20 s of the recording, X times as fast as it lasts. Some clients stop as
they should, some lose their connection and resume, vanish, reset, half close, hear nothing for seconds, send more than they may at
once, or what they must not. Once a minute a line tells of the server: its memory (MiB), open files and threads, all processes
together. The exit status is 1 if an answer was not as the protocol has it, a session stayed open, the log has a traceback, or there
are more files or threads than after the first minute, or so much more memory that it grows (64 MiB and a tenth).
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from itertools import count
from pathlib import Path

import psutil
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.fuzz_talk import Tally
from support.fuzzer import complaints, open_sessions
from support.server_process import ServerProcess
from support.soak_client import SoakClient

LONGEST_SECONDS = 20.0
SETTINGS = {"max_lag_ms": 0, "idle_timeout_seconds": 30, "resume_seconds": 60, "checkpoint_seconds": 1}


class Soak:
    """``sessions`` clients at once, until ``end`` is set."""

    def __init__(self, server: ServerProcess, pcm: bytes, speed: float) -> None:
        self._server, self._pcm, self._speed = server, pcm, speed
        self._numbers = count()
        self.tally = Tally()
        self.habits: Counter[str] = Counter()
        self.end = threading.Event()

    def run_clients(self) -> None:
        """Runs one client after another."""
        while not self.end.is_set():
            number = next(self._numbers)
            client = SoakClient(self._server.url, self._pcm, self.tally, number, speed=self._speed, longest_seconds=LONGEST_SECONDS)
            self.habits[client.habit] += 1
            try:
                client.run()
            except Exception as error:  # a client raises nothing by itself
                self.tally.found(f"session {number}: {type(error).__name__}: {error}")

    def used(self) -> tuple[int, int, int]:
        """Memory (bytes), open files and threads of the server."""
        first = psutil.Process(self._server.process.pid)
        members = [first, *first.children(recursive=True)]
        return self._server.memory(), sum(each.num_fds() for each in members), sum(each.num_threads() for each in members)


def soak(server: ServerProcess, pcm: bytes, given: argparse.Namespace) -> list[str]:
    """All that was found."""
    running = Soak(server, pcm, given.speed)
    threads = [threading.Thread(target=running.run_clients) for _ in range(given.sessions)]
    for thread in threads:
        thread.start()
    print("minute  sessions  reports  resumed  errors  memory  files  threads", flush=True)
    used = []
    for minute in range(1, max(2, round(given.minutes)) + 1):
        time.sleep(60 * given.minutes / max(2, round(given.minutes)))
        used.append(running.used())
        events = running.tally.events
        numbers = (minute, running.tally.connections, events["report"], events["resumed"], events["error"])
        print(
            "{:6d} {:9d} {:8d} {:8d} {:7d}".format(*numbers),
            "{:7d} {:6d} {:8d}".format(used[-1][0] >> 20, *used[-1][1:]),
            flush=True,
        )
    running.end.set()
    for thread in threads:
        thread.join()
    found = list(running.tally.findings)
    if left := open_sessions(server):
        found.append(f"{left} sessions stay open")
    memory, files, others = running.used()
    print("at the end, without sessions:", memory >> 20, "MiB,", files, "files,", others, "threads")
    for title, counted in (
        ("clients that", running.habits),
        ("errors", running.tally.errors),
        ("close codes", running.tally.closes),
    ):
        print(f"{title}: " + ", ".join(f"{name} {number}" for name, number in counted.most_common()))
    if max(each[0] for each in used[1:]) > 1.1 * used[0][0] + (64 << 20):
        found.append(f"memory grew from {used[0][0] >> 20} to {used[-1][0] >> 20} MiB")
    if files > used[0][1]:
        found.append(f"{files} files are open, {used[0][1]} were with sessions")
    if others > used[0][2] + 4:
        found.append(f"there are {others} threads, {used[0][2]} were with sessions")
    return found + complaints(server.log)


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path, help="a recording, 16 kHz and mono")
    parser.add_argument("--minutes", type=float, default=5.0, metavar="M", help="time (5)")
    parser.add_argument("--sessions", type=int, default=30, metavar="N", help="sessions at a time (30)")
    parser.add_argument("--speed", type=float, default=2.0, metavar="X", help="times real time that clients try to send (2)")
    parser.add_argument("--workers", type=int, default=1, metavar="W", help="processes of the server (1)")
    given = parser.parse_args()
    samples, _ = soundfile.read(given.audio, dtype="int16")
    server = ServerProcess("--workers", str(given.workers), **SETTINGS)
    try:
        found = soak(server, samples.tobytes(), given)
    finally:
        server.end()
    for finding in found:
        print("FOUND", finding)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
