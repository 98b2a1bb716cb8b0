"""A server in a process of its own, started as users start it, that tells what it uses."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Thread
from typing import IO, Any

from speaker_tracker.benchmark.errors import BenchmarkError
from speaker_tracker.benchmark.sampler import Profile
from speaker_tracker.benchmark.server_plugin import OBSERVER, own_name
from speaker_tracker.benchmark.usage import Usage, process_usage, total
from speaker_tracker.settings import PREFIX, Settings

HOST = "127.0.0.1"
PLUGIN = "speaker_tracker.benchmark.server_plugin"
MANY, LONG = 1_000_000, 1e8
"""Limits of sessions, and of the seconds of one, that no measurement comes to."""
START_SECONDS = 180.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.01
HEALTH, READY = "/health", "/health/ready"


class MeasuredServer:
    """``speaker-tracker serve`` in a process of its own, with a plugin that tells what it uses; made by ``serving``.

    ``url``: address for sessions, ``ws://...``. ``pid``: of the process that was started, the supervisor of several.
    """

    def __init__(self, pid: int, port: int, meters: Mapping[int, Connection]) -> None:
        self.url = f"ws://{HOST}:{port}/ws/session"
        self.pid = pid
        self._meters = meters

    def usage(self) -> Usage:
        """What all processes of the server have used since they started. Raises ``BenchmarkError`` if one has ended."""
        usages = [self._asked(meter, "usage") for meter in self._meters.values()]
        supervisor = [] if self.pid in self._meters else [process_usage(self.pid)]
        summed = total([*usages, *supervisor])
        stages = {own_name(stage): seconds for stage, seconds in summed.stages.items()}
        return Usage(summed.cpu_seconds, summed.system_seconds, stages, summed.audio_seconds, summed.sessions, summed.memory)

    def wait_until_empty(self, seconds: float = 60.0) -> None:
        """Waits until no session is open. Raises ``BenchmarkError`` where some still are after ``seconds``."""
        end = time.monotonic() + seconds
        while (sessions := self.usage().sessions) > 0:
            if time.monotonic() > end:
                raise BenchmarkError(f"{sessions} sessions were still open {seconds:g} s after their clients had left")
            time.sleep(0.1)

    def begin_profile(self) -> None:
        """Begins to look at what the threads of all processes do."""
        for meter in self._meters.values():
            self._asked(meter, "begin profile")

    def end_profile(self) -> Profile:
        """What the threads did since ``begin_profile``."""
        profile = Profile()
        for meter in self._meters.values():
            profile.add(self._asked(meter, "end profile"))
        return profile

    def _asked(self, meter: Connection, request: str) -> Any:
        try:
            meter.send(request)
            return meter.recv()
        except (EOFError, OSError) as error:
            raise BenchmarkError("the server has ended in the middle of the measurement") from error


@contextmanager
def serving(settings: Settings, overrides: Mapping[str, Any] | None = None, *, admission: bool = False) -> Iterator[MeasuredServer]:
    """A server that is ready for sessions, ended at the end.

    ``settings``: those of this process; the server takes them from the same environment, but listens on a free port of the
    loopback, without TLS and tokens, and logs errors alone. ``overrides``: settings that differ, by name; ``stages`` and
    ``stage_options`` may name stages of the server plugin. ``admission``: whether the server turns sessions away as it is set to,
    by their number and its lag; otherwise it takes all. Raises ``BenchmarkError`` if it does not start.
    """
    key = secrets.token_hex(16)
    with TemporaryDirectory(prefix="speaker-tracker-bench-") as folder, Listener(authkey=bytes.fromhex(key)) as listener:
        _install_plugin(Path(folder))
        observers = {
            "observers": [*settings.observers, OBSERVER],
            "observer_options": {
                **settings.observer_options,
                OBSERVER: {"address": listener.address, "key": key},
            },
        }
        limits = {"max_session_seconds": LONG, "tokens": [], "log_level": "error"}
        if not admission:
            limits |= {"max_sessions": MANY, "max_lag_ms": 0}
        chain = {"stages": settings.stages, "stage_options": settings.stage_options, "workers": settings.workers}
        environment = server_environment(settings, {**chain, **limits, **observers, **(overrides or {})})
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, environment.get("PYTHONPATH"))))
        with started(environment) as (process, port, log):
            meters = _accepted(listener, settings.workers, process, log)
            wait_for(lambda: is_ready(port), process, log)
            yield MeasuredServer(process.pid, port, meters)


@contextmanager
def started(environment: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int, IO[bytes]]]:
    """The process of a server, as it was started just now, its port, and the file with its log; it is ended at the end.

    It is the first of a process group of its own, which the meter relies on, and which Ctrl-C in a terminal does not reach.
    """
    port = _free_port()
    command = [sys.executable, "-m", "speaker_tracker", "serve", "--host", HOST, "--port", str(port)]
    with TemporaryFile() as log:
        process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=log, process_group=0)  # noqa: S603 - this program
        try:
            yield process, port, log
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def server_environment(settings: Settings, values: Mapping[str, Any]) -> dict[str, str]:
    """This process's environment with the settings ``values``, by name, in place of its own.

    Raises ``BenchmarkError`` where the settings turn on TLS, which is not measured.
    """
    if settings.tls_cert is not None or settings.tls_key is not None:
        raise BenchmarkError("TLS is not measured; unset SPEAKER_TRACKER_TLS_CERT and SPEAKER_TRACKER_TLS_KEY")
    replaced = tuple(f"{PREFIX}{name}".upper() for name in values)
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(replaced)}
    return {**kept, **{f"{PREFIX}{name.upper()}": _as_text(value) for name, value in values.items()}}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def wait_for(holds: Callable[[], bool], process: subprocess.Popen[bytes], log: IO[bytes]) -> float:
    """The time (``time.monotonic``) at which ``holds`` first did. Raises ``BenchmarkError`` if the server ends or is too slow."""
    end = time.monotonic() + START_SECONDS
    while not holds():
        if process.poll() is not None:
            raise BenchmarkError(f"the server did not start: {_last_line(log) or f'it ended with status {process.returncode}'}")
        if time.monotonic() > end:
            raise BenchmarkError(f"the server was not ready within {START_SECONDS:g} s")
        time.sleep(POLL_SECONDS)
    return time.monotonic()


def status_of(port: int, path: str) -> int | None:
    """Status of the answer to ``GET path``; None where nobody answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def is_ready(port: int) -> bool:
    """Whether sessions are served: by ``/health/ready``, or by ``/health`` of a server that has no other."""
    status = status_of(port, READY)
    if status == http.client.NOT_FOUND:
        status = status_of(port, HEALTH)
    return status == http.client.OK


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
        return port


def _install_plugin(folder: Path) -> None:
    """Makes ``folder`` one that Python finds the server plugin in, as if it were installed."""
    info = folder / "speaker_tracker_benchmark-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: speaker-tracker-benchmark\nVersion: 0\n")
    (info / "entry_points.txt").write_text(f"[speaker_tracker.stages]\nspeaker-tracker-benchmark = {PLUGIN}\n")


def _accepted(listener: Listener, count: int, process: subprocess.Popen[bytes], log: IO[bytes]) -> dict[int, Connection]:
    """Connections of the meters of ``count`` processes, by process id."""
    meters: dict[int, Connection] = {}

    def accept() -> None:
        while len(meters) < count:
            try:
                meter = listener.accept()
                meters[meter.recv()] = meter
            except AuthenticationError:
                continue
            except (OSError, EOFError):
                return

    accepting = Thread(target=accept, name="benchmark-accept", daemon=True)
    accepting.start()
    try:
        wait_for(lambda: len(meters) == count, process, log)
    except BenchmarkError:
        with suppress(OSError):
            listener.close()
        raise
    return meters


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").split("\n")
    return next((line.strip().removeprefix("Error: ") for line in reversed(lines) if line.strip()), "")


def chain_overrides(stages: Sequence[str], options: Mapping[str, Mapping[str, Any]], kind: str) -> dict[str, Any]:
    """The settings ``stages`` and ``stage_options`` of a chain whose stages are of ``kind``, one of the server plugin's."""
    return {
        "stages": [f"{kind}{name}" for name in stages],
        "stage_options": {**options, **{f"{kind}{name}": dict(options.get(name, {})) for name in stages}},
    }
