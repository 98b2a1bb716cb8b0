"""The metrics of ``prometheus``: counted, kept in memory or in files that several processes share, and put into text."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    values,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from speaker_tracker import __version__
from speaker_tracker.observer import Endpoint, HttpAnswer, Observer, ServerProcessInfo
from speaker_tracker.protocol import ErrorCode

if TYPE_CHECKING:
    from speaker_tracker_plugins.prometheus.places import Place

NAMESPACE = "speaker_tracker"
LAG_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REFUSALS = ("origin", "token", ErrorCode.SERVER_BUSY, ErrorCode.SHUTTING_DOWN)


class Metrics:
    """All that is counted of ``process``; ``registry`` is None where values are gathered from files.

    What is known beforehand has its series from the start, at 0, so that its first event is seen as an increase.
    """

    def __init__(self, registry: CollectorRegistry | None, process: ServerProcessInfo) -> None:
        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(name, what, labels, namespace=NAMESPACE, registry=registry)

        self.sessions = Gauge("sessions", "Sessions that are open.", (), NAMESPACE, registry=registry, multiprocess_mode="livesum")
        self.opened = counter("sessions_opened_total", "Sessions that were opened.")
        self.audio_seconds = counter("audio_seconds_total", "Audio that was worked on, in seconds of sound.")
        self.lag_seconds = Histogram(
            "lag_seconds",
            "Time from reading a frame of audio until all that it led to was sent.",
            namespace=NAMESPACE,
            registry=registry,
            buckets=LAG_BUCKETS,
        )
        self.stage_seconds = counter("stage_seconds_total", "Time by the clock in calls of a stage.", "stage")
        self.stage_calls = counter("stage_calls_total", "Calls of a stage.", "stage")
        self.stage_events = counter("stage_events_total", "What a stage counts by itself.", "stage", "what")
        self.refusals = counter("refusals_total", "Clients that were turned away.", "reason")
        self.errors = counter("session_errors_total", "Sessions that ended with an error message.", "code")
        for stage in process.stages:
            self.stage_seconds.labels(stage)
            self.stage_calls.labels(stage)
        for reason in REFUSALS:
            self.refusals.labels(reason)
        for code in ErrorCode:
            self.errors.labels(code)
        _tell_of(process, registry)


def _tell_of(process: ServerProcessInfo, registry: CollectorRegistry | None) -> None:
    """What stays the same as long as ``process`` lives."""

    def info(name: str, what: str, *labels: str) -> Gauge:
        return Gauge(name, what, labels, NAMESPACE, registry=registry, multiprocess_mode="livemax")

    limit = Gauge("sessions_limit", "Sessions that may be open.", (), NAMESPACE, registry=registry, multiprocess_mode="livesum")
    limit.set(process.max_sessions)
    info("build_info", "The version of Speaker Tracker; always 1.", "version").labels(__version__).set(1)
    models = info("model_info", "The model that a stage uses; always 1.", "stage", "model")
    for stage, told in process.models.items():
        if "model" in told:
            models.labels(stage, told["model"]).set(1)


class PrometheusObserver(Observer):
    """Counts what it is told, and answers at ``path``.

    Where the server has several processes, each keeps its values in files of the folder that they share, and whichever is asked
    answers with the sum of all (``prometheus_places``).
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._place: Place | None = None
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
            from speaker_tracker_plugins.prometheus.places import Place  # noqa: PLC0415 - locks files, which Windows does not

            self._place = place = Place(process.shared_folder)
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(process.shared_folder)
            values.ValueClass = values.MultiProcessValue(lambda: place.number)
            MultiProcessCollector(self._registry)
            self._metrics = Metrics(None, process)

    def session_opened(self) -> None:
        """Counts it, as opened and as open."""
        self._metrics.opened.inc()
        self._metrics.sessions.inc()

    def session_ended(self) -> None:
        """It is open no more."""
        self._metrics.sessions.dec()

    def refused(self, reason: str) -> None:
        """Counts it by its reason."""
        self._metrics.refusals.labels(reason).inc()

    def failed(self, code: str) -> None:
        """Counts it by its code."""
        self._metrics.errors.labels(code).inc()

    def audio_handled(self, seconds: float, lag_seconds: float) -> None:
        """Adds the audio, and puts the lag into its bucket."""
        self._metrics.audio_seconds.inc(seconds)
        self._metrics.lag_seconds.observe(lag_seconds)

    def stage_took(self, stage: str, seconds: float) -> None:
        """Adds the call and its time."""
        self._metrics.stage_seconds.labels(stage).inc(seconds)
        self._metrics.stage_calls.labels(stage).inc()

    def stage_counted(self, stage: str, what: str, total: int) -> None:
        """Adds what is new in ``total``."""
        with self._totals_lock:
            new = max(0, total - self._totals.get((stage, what), 0))
            self._totals[stage, what] = total
        self._metrics.stage_events.labels(stage, what).inc(new)

    def endpoints(self) -> Mapping[str, Endpoint]:
        """The one path."""
        return {self._path: self._answer}

    async def _answer(self, accept: str) -> HttpAnswer:
        return await asyncio.to_thread(self._scraped, accept)

    def _scraped(self, accept: str) -> HttpAnswer:
        if self._place is not None:
            self._place.forget_the_dead()
        try:
            encode, content_type = choose_encoder(accept)
        except TypeError:  # what it gives as a version is none
            encode, content_type = choose_encoder("")
        return HttpAnswer(content_type, encode(self._registry))
