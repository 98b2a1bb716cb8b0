"""Sends a server of its own whatever clients could send, and tells what was not answered as it must be.

    python scripts/fuzz.py [--messages N] [--seed S] [--workers W] [--threads T]

Frames of all lengths, JSON that is right, nearly right, deep or huge, control messages in every order, sessions that are resumed
by whoever knows their name, connections that are dropped, half closed or reset, frames and handshakes that are none, from T
connections at once. Beside them go two sessions, one of which is resumed again and again, whose reports must be what they would be
alone. The server has a chain without models, with `--workers` in several processes. The exit status is 1 if anything was found: an
answer that is no message of the protocol, a close code that does not fit, a traceback in the log, a session that stays open, or
memory that grows.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.fuzzer import SETTINGS, Fuzzer, Witness, complaints, open_sessions
from support.level_chain import level_chain
from support.server_process import ServerProcess

TURNS = 20
"""Times that progress is told."""
GROWTH_BYTES = 24 << 20
"""By how much the server's memory may grow after the first turn: kept sessions, and room that the system does not take back."""


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000, metavar="N", help="messages to send (100000)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of what is sent (0)")
    parser.add_argument("--workers", type=int, default=1, metavar="W", help="processes of the server (1)")
    parser.add_argument("--threads", type=int, default=4, metavar="T", help="connections at once (4)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(level_chain(Path(folder) / "site"))
        server = ServerProcess("--workers", str(given.workers), **SETTINGS)
        try:
            found = fuzz(server, given)
        finally:
            server.end()
    for finding in found:
        print("FOUND", finding)
    sys.exit(1 if found else 0)


def fuzz(server: ServerProcess, given: argparse.Namespace) -> list[str]:
    """All that was found."""
    fuzzer = Fuzzer(server.url, given.seed, given.threads)
    witnesses = [Witness(server.url), Witness(server.url, resumes=True)]
    for witness in witnesses:
        witness.start()
    begin = time.monotonic()
    memory = []
    print(" messages  connections  seconds  MiB")
    for _ in range(TURNS):
        fuzzer.run(given.messages // TURNS)
        memory.append(server.memory())
        tally, seconds = fuzzer.tally, time.monotonic() - begin
        print(f"{tally.messages:9d}  {tally.connections:11d}  {seconds:7.0f}  {memory[-1] >> 20:3d}", flush=True)
    found = list(fuzzer.tally.findings)
    found += [f"a witness: {wrong}" for witness in witnesses if (wrong := witness.end())]
    for title, counted in (("answers", tally.events), ("errors", tally.errors), ("close codes", tally.closes)):
        print(f"{title}: " + ", ".join(f"{name} {number}" for name, number in counted.most_common()))
    audio = " and ".join(f"{witness.blocks / 10:.0f}" for witness in witnesses)
    print(f"the witnesses sent {audio} s of audio; the second resumed its session {witnesses[1].losses} times")
    if left := open_sessions(server):
        found.append(f"{left} sessions stay open")
    if memory[-1] - memory[0] > GROWTH_BYTES:
        found.append(f"memory grew from {memory[0] >> 20} to {memory[-1] >> 20} MiB")
    found += complaints(server.log)
    return found


if __name__ == "__main__":
    main()
