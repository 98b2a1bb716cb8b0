"""The observer in a measured server: totals what the process uses, and tells it to the benchmark when that asks."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Client, Connection

from pydantic import Field, SecretStr

from speaker_tracker.benchmark.sampler import Sampler
from speaker_tracker.benchmark.usage import Usage, process_memory
from speaker_tracker.observer import Observer, ObserverOptions, ServerProcessInfo

THREAD = "benchmark-meter"


class MeterOptions(ObserverOptions):
    """Options of ``benchmark_meter``."""

    address: str = Field(description="address at which the benchmark listens")
    key: SecretStr = Field(description="key that the benchmark knows its server by, in hexadecimal digits")


class Meter(Observer):
    """Totals of one server process, told through a connection to the benchmark, which is opened when the process starts.

    Requests are ``usage``, answered with a ``Usage``, ``begin profile``, and ``end profile``, answered with a ``Profile``. When the
    benchmark is gone, the server ends, as nobody else would end it: the first process of this one's group.
    """

    def __init__(self, options: MeterOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._stages: dict[str, float] = {}
        self._audio_seconds = 0.0
        self._sessions = 0
        self._sampler: Sampler | None = None

    def started(self, process: ServerProcessInfo) -> None:
        """Connects to the benchmark. Raises ``EOFError`` or ``OSError`` where it is gone."""
        self._stages = dict.fromkeys(process.stages, 0.0)
        try:
            benchmark = Client(self._options.address, authkey=bytes.fromhex(self._options.key.get_secret_value()))
            benchmark.send(os.getpid())
        except (EOFError, OSError):
            _end_server()
            raise
        threading.Thread(target=self._answer, args=(benchmark,), name=THREAD, daemon=True).start()

    def session_opened(self) -> None:
        """Counts the session as open."""
        with self._lock:
            self._sessions += 1

    def session_ended(self) -> None:
        """Counts the session as open no more."""
        with self._lock:
            self._sessions -= 1

    def audio_handled(self, seconds: float, lag_seconds: float) -> None:  # noqa: ARG002 - clients measure the delay
        """Adds the audio."""
        with self._lock:
            self._audio_seconds += seconds

    def stage_took(self, stage: str, seconds: float) -> None:
        """Adds the time of the stage."""
        with self._lock:
            self._stages[stage] = self._stages.get(stage, 0.0) + seconds

    def usage(self) -> Usage:
        """What this process has used since it started."""
        memory = process_memory()
        with self._lock:
            return Usage(time.process_time(), os.times().system, dict(self._stages), self._audio_seconds, self._sessions, memory)

    def _answer(self, benchmark: Connection) -> None:
        while True:
            try:
                request = benchmark.recv()
            except (EOFError, OSError):
                _end_server()
                return
            match request:
                case "usage":
                    benchmark.send(self.usage())
                case "begin profile":
                    self._sampler = Sampler()
                    self._sampler.start()
                    benchmark.send(None)
                case "end profile":
                    benchmark.send(None if self._sampler is None else self._sampler.end())


def _end_server() -> None:
    with suppress(ProcessLookupError):
        os.kill(os.getpgrp(), signal.SIGTERM)
