"""The start of a server: how long until it answers, until it is ready, and until a client has its first label."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from dataclasses import dataclass
from typing import IO, Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from speaker_tracker.benchmark.errors import BenchmarkError
from speaker_tracker.benchmark.measured_server import HEALTH, READY, server_environment, started, status_of, wait_for
from speaker_tracker.benchmark.recordings import LoopedAudio
from speaker_tracker.benchmark.usage import Usage, process_usage
from speaker_tracker.settings import Settings

LABEL_SECONDS = 60.0
"""Time within which a client must have its first label."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start, in seconds since the process was started.

    ``health``: until ``GET /health`` answered. ``ready``: until ``GET /health/ready`` answered 200, or ``/health`` if there is no
    other. ``label``: until the first label of a client that then connected and sent audio in real time. ``speaking``: the
    part of that since it began to send. ``cpu_seconds``: CPU time of the process until it was ready; None where the system does not
    tell, and with several processes.
    """

    health: float
    ready: float
    label: float
    speaking: float
    cpu_seconds: float | None


def measured_start(settings: Settings, audio: LoopedAudio, num_speakers: int, frame_ms: int) -> Start:
    """Starts a server by ``settings`` and measures that. Raises ``BenchmarkError``."""
    values = {"stages": settings.stages, "stage_options": settings.stage_options, "workers": settings.workers, "tokens": []}
    environment = server_environment(settings, {**values, "log_level": "warning"})
    began = time.monotonic()
    with started(environment) as (process, port, log):
        health = wait_for(lambda: status_of(port, HEALTH) is not None, process, log)
        ready = _wait_until_ready(port, health, process, log)
        used = process_usage(process.pid) if settings.workers == 1 else Usage()
        connected, label = _first_label(port, audio, num_speakers, frame_ms)
    return Start(health - began, ready - began, label - began, label - connected, used.cpu_seconds or None)


def _wait_until_ready(port: int, health: float, process: subprocess.Popen[bytes], log: IO[bytes]) -> float:
    if status_of(port, READY) == http.client.NOT_FOUND:
        if status_of(port, HEALTH) == http.client.OK:
            return health
        return wait_for(lambda: status_of(port, HEALTH) == http.client.OK, process, log)
    return wait_for(lambda: status_of(port, READY) == http.client.OK, process, log)


def _first_label(port: int, audio: LoopedAudio, num_speakers: int, frame_ms: int) -> tuple[float, float]:
    """When a client began to send, and when it got the first label (``time.monotonic``)."""
    pause = frame_ms / 1000
    try:
        with connect(f"ws://127.0.0.1:{port}/ws/session", compression=None) as connection:
            connection.send(json.dumps({"action": "start", "num_speakers": num_speakers, "timeline": True}))
            began = time.monotonic()
            for number in range(int(LABEL_SECONDS / pause)):
                connection.send(audio.frame(0, number).tobytes())
                while (wait := began + (number + 1) * pause - time.monotonic()) > 0:
                    try:
                        message = json.loads(connection.recv(timeout=wait))
                    except TimeoutError:
                        break
                    if _names_somebody(message):
                        return began, time.monotonic()
    except (OSError, WebSocketException) as error:
        raise BenchmarkError(f"a session after the start failed: {error}") from error
    raise BenchmarkError(f"no label came within {LABEL_SECONDS:g} s; name a recording in which somebody speaks at its beginning")


def _names_somebody(message: dict[str, Any]) -> bool:
    if message["event"] == "error":
        raise BenchmarkError(f"a session after the start failed: {message['message']}")
    if message["event"] == "speaker":
        return message["currentSpeakerId"] is not None
    return message["event"] == "timeline" and any(segment["speakerId"] is not None for segment in message["segments"])
