"""The metrics of ``prometheus``, kept in memory or in files that several processes share."""

from __future__ import annotations

from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from speaker_tracker import __version__
from speaker_tracker.observer import ServerProcessInfo
from speaker_tracker.protocol import ErrorCode

NAMESPACE = "speaker_tracker"
LAG_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REFUSALS = (
    "origin",
    "token",
    ErrorCode.SERVER_BUSY,
    ErrorCode.TOO_MANY_SESSIONS,
    ErrorCode.START_TIMEOUT,
    ErrorCode.SHUTTING_DOWN,
)


class Metrics:
    """All metrics of ``process``; ``registry`` is None where values are gathered from files.

    Labels that are known beforehand have their series from the start, at 0, so that their first event shows as an increase.
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
        self.stage_seconds = counter("stage_seconds_total", "CPU time of a stage, its share of model calls included.", "stage")
        self.stage_calls = counter("stage_calls_total", "Steps of sessions in which a stage had something to do.", "stage")
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
        _set_constants(process, registry)


def _set_constants(process: ServerProcessInfo, registry: CollectorRegistry | None) -> None:
    """Sets the metrics that stay the same as long as ``process`` lives."""

    def info(name: str, what: str, *labels: str) -> Gauge:
        return Gauge(name, what, labels, NAMESPACE, registry=registry, multiprocess_mode="livemax")

    of_all: Literal["livemax", "livesum"] = "livemax" if process.processes > 1 else "livesum"
    limit = Gauge("sessions_limit", "Sessions that may be open.", (), NAMESPACE, registry=registry, multiprocess_mode=of_all)
    limit.set(process.max_sessions)
    info("build_info", "The version of Speaker Tracker; always 1.", "version").labels(__version__).set(1)
    models = info("model_info", "The model that a stage uses; always 1.", "stage", "model")
    for stage, told in process.models.items():
        if "model" in told:
            models.labels(stage, told["model"]).set(1)
