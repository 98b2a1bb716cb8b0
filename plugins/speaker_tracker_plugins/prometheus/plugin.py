"""The observer ``prometheus``: options and specification; the metrics load with it, as they need an extra.

docs/metrics.md explains each metric.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, field_validator

from speaker_tracker import hookimpl
from speaker_tracker.observer import Observer, ObserverLoadError, ObserverOptions, ObserverSpec


class PrometheusOptions(ObserverOptions):
    """Options of ``prometheus``."""

    path: str = Field("/metrics", description="path of the metrics, open to everybody unless PROTECTED_PATHS has metrics")

    @field_validator("path")
    @classmethod
    def _begins_with_a_slash(cls, path: str) -> str:
        if not path.startswith("/"):
            raise ValueError("a path begins with a slash, such as /metrics")
        return path


def _load(options: PrometheusOptions) -> Observer:
    try:
        from speaker_tracker_plugins.prometheus.observer import PrometheusObserver  # noqa: PLC0415 - imports an extra
    except ImportError as error:
        raise ObserverLoadError(
            f"it needs prometheus_client, which is not installed or does not load ({error}); "
            f"run: pip install 'speaker-tracker[prometheus]'"
        ) from error
    return PrometheusObserver(options.path)


@hookimpl
def speaker_tracker_observers() -> Sequence[ObserverSpec]:
    """Offers ``prometheus``."""
    return [
        ObserverSpec(
            name="prometheus",
            summary="serves /metrics: sessions, audio, lag, the time of each stage",
            options=PrometheusOptions,
            load=_load,
        )
    ]
