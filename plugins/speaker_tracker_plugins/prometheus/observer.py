"""The observer of ``prometheus``: counts what it is told, and answers with the metrics as text."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, disable_created_metrics, values
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from speaker_tracker.observer import Endpoint, HttpAnswer, Observer, ServerProcessInfo
from speaker_tracker_plugins.prometheus.metrics import Metrics

if TYPE_CHECKING:
    from speaker_tracker_plugins.prometheus.slots import Slot


class PrometheusObserver(Observer):
    """Counts what happens, and answers at ``path``.

    Where the server has several processes, each keeps its values in files of a shared folder (``slots``), and the one that is
    asked answers with the sums of all.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._slot: Slot | None = None
        self._registry = CollectorRegistry()
        self._totals: dict[tuple[str, str], int] = {}
        self._totals_lock = Lock()

    def started(self, process: ServerProcessInfo) -> None:
        """Makes the metrics, in memory or in files."""
        disable_created_metrics()  # a series more for each, and there are none of files
        if process.shared_folder is None:
            # prometheus_client decides this by the environment when it is imported, which is too early.
            values.ValueClass = values.MutexValue
            ProcessCollector(registry=self._registry)
            PlatformCollector(registry=self._registry)
            self._metrics = Metrics(self._registry, process)
        else:
            from speaker_tracker_plugins.prometheus.slots import Slot  # noqa: PLC0415 - locks files, which Windows does not

            self._slot = slot = Slot(process.shared_folder)
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(process.shared_folder)
            values.ValueClass = values.MultiProcessValue(lambda: slot.number)
            MultiProcessCollector(self._registry)
            self._metrics = Metrics(None, process)

    def session_opened(self) -> None:
        """Counts the session as opened and as open."""
        self._metrics.opened.inc()
        self._metrics.sessions.inc()

    def session_ended(self) -> None:
        """Counts the session as open no more."""
        self._metrics.sessions.dec()

    def refused(self, reason: str) -> None:
        """Counts the refusal by its reason."""
        self._metrics.refusals.labels(reason).inc()

    def failed(self, code: str) -> None:
        """Counts the error by its code."""
        self._metrics.errors.labels(code).inc()

    def audio_handled(self, seconds: float, lag_seconds: float) -> None:
        """Adds the audio, and counts the lag in its bucket."""
        self._metrics.audio_seconds.inc(seconds)
        self._metrics.lag_seconds.observe(lag_seconds)

    def stage_took(self, stage: str, seconds: float) -> None:
        """Adds a step and its time."""
        self._metrics.stage_seconds.labels(stage).inc(seconds)
        self._metrics.stage_calls.labels(stage).inc()

    def stage_counted(self, stage: str, what: str, total: int) -> None:
        """Adds the growth of ``total`` since the last call."""
        with self._totals_lock:
            new = max(0, total - self._totals.get((stage, what), 0))
            self._totals[stage, what] = total
        self._metrics.stage_events.labels(stage, what).inc(new)

    def endpoints(self) -> Mapping[str, Endpoint]:
        """The path of the metrics."""
        return {self._path: self._answer}

    async def _answer(self, accept: str) -> HttpAnswer:
        return await asyncio.to_thread(self._scraped, accept)

    def _scraped(self, accept: str) -> HttpAnswer:
        if self._slot is not None:
            self._slot.forget_ended_processes()
        try:
            encode, content_type = choose_encoder(accept)
        except TypeError:  # what it gives as a version is none
            encode, content_type = choose_encoder("")
        return HttpAnswer(content_type, encode(self._registry))
