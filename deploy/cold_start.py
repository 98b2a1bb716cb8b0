"""Measures cold starts: time from the start of a container's process until it accepts sessions, and until the first label.

Usage: python deploy/cold_start.py IMAGE ... [--runs N] [--cpus N] [--engine docker|podman]

Images take turns, so that other load on the machine affects all of them. The engine must run on this machine, as clocks are
compared. Image data is in the page cache at the start; reading it from disk, or pulling it, would take additional time. Needs the
packages of Speaker Tracker.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import soundfile
from websockets.sync.client import connect

DIALOGUE = Path(__file__).parents[1] / "tests" / "data" / "dialogue.flac"
SPEECH_BEGINS = 0.5
"""Seconds of silence at the begin of the recording, which are skipped."""
FRAME_SECONDS = 0.1
SAMPLE_RATE = 16_000
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.01
TO_MICROSECONDS = len("2026-01-01T00:00:00.000000")


@dataclass(frozen=True)
class Start:
    """Seconds from the start of the process until ``/health/ready`` answered 200 and until the first label.

    ``label_after_ready``: seconds until the label since the client connected and began to send audio.
    """

    ready: float
    label: float
    label_after_ready: float


class Engine:
    """Docker or Podman, used by its command line."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __call__(self, *arguments: str) -> str:
        """Output of a command of the engine."""
        done = subprocess.run([self.command, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - the user's own
        if done.returncode:
            raise SystemExit(f"{self.command} {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def megabytes(self, image: str) -> float:
        """Size of an image with all its layers."""
        return int(self("image", "inspect", "--format", "{{.Size}}", image)) / 1e6

    @contextmanager
    def running(self, image: str, cpus: float) -> Iterator[str]:
        """Runs a container of ``image``, removed at the end."""
        options = ["--detach", "--read-only", "--cap-drop", "ALL", "--publish", "127.0.0.1::8000", "--cpus", str(cpus)]
        container = self("run", *options, image)
        try:
            yield container
        finally:
            self("rm", "--force", container)

    def started(self, container: str) -> float:
        """Start time of its process, in seconds since the epoch."""
        text = self("inspect", "--format", "{{.State.StartedAt}}", container)
        return datetime.fromisoformat(text[:TO_MICROSECONDS].rstrip("Z")).replace(tzinfo=UTC).timestamp()

    def address(self, container: str) -> str:
        """Address of its port on this machine, ``host:port``."""
        return self("port", container, "8000/tcp").splitlines()[0]


def measure(engine: Engine, image: str, cpus: float, pcm: bytes) -> Start:
    """Measures one start of ``image``."""
    with engine.running(image, cpus) as container:
        begin, address = engine.started(container), engine.address(container)
        _until(lambda: _is_ready(address), f"{image} did not become ready")
        ready = time.time()
        label = _first_label(address, pcm)
    return Start(ready - begin, label - begin, label - ready)


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/health/ready", timeout=5) as response:
            return bool(response.status == 200)  # noqa: PLR2004 - HTTP's "OK"
    except OSError:
        return False


def _until(holds: Callable[[], bool], complaint: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"{complaint} within {PATIENCE_SECONDS:g} s")
        time.sleep(POLL_SECONDS)


def _first_label(address: str, pcm: bytes) -> float:
    """Time of the first label for a client that sends in real time, in seconds since the epoch."""
    size = int(FRAME_SECONDS * SAMPLE_RATE) * 2
    with connect(f"ws://{address}/ws/session", compression=None) as connection:
        connection.send(json.dumps({"action": "start", "num_speakers": 2, "timeline": True}))
        begin = time.monotonic()
        for number, offset in enumerate(range(0, len(pcm), size), start=1):
            while (wait := begin + number * FRAME_SECONDS - time.monotonic()) > 0:
                try:
                    if _names_somebody(json.loads(connection.recv(timeout=wait))):
                        return time.time()
                except TimeoutError:
                    break
            connection.send(pcm[offset : offset + size])
    raise SystemExit("no label was heard")


def _names_somebody(message: dict[str, Any]) -> bool:
    if message["event"] == "speaker":
        return message["currentSpeakerId"] is not None
    return message["event"] == "timeline" and any(segment["speakerId"] is not None for segment in message["segments"])


def _shown(values: list[float]) -> str:
    return f"{statistics.median(values):5.2f} ({min(values):.2f} - {max(values):.2f})"


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cpus", type=float, default=1.0, help="limit of each container; 1 by default")
    parser.add_argument("--engine", default="docker")
    given = parser.parse_args()
    engine = Engine(given.engine)
    samples, _ = soundfile.read(DIALOGUE, dtype="int16", start=int(SPEECH_BEGINS * SAMPLE_RATE))
    pcm = samples.astype("<i2").tobytes()
    starts: dict[str, list[Start]] = {image: [] for image in given.images}
    for number in range(given.runs):
        for image in given.images:
            print(f"run {number + 1} of {given.runs}: {image}", file=sys.stderr)
            starts[image].append(measure(engine, image, given.cpus, pcm))
    width = max(len(image) for image in given.images)
    print(f"seconds, median (least - most) of {given.runs}, on {given.cpus:g} CPU")
    print(f"{'image':<{width}}  {'size':>8}  {'start to ready':<21}  {'start to first label':<21}  of these, speaking")
    for image, found in starts.items():
        columns = ([one.ready for one in found], [one.label for one in found], [one.label_after_ready for one in found])
        print(f"{image:<{width}}  {engine.megabytes(image):5.0f} MB  " + "  ".join(f"{_shown(values):<21}" for values in columns))


if __name__ == "__main__":
    main()
