"""What tests of ``cloudevents_reporter`` have in common: a sink, and the stage loaded to post to it."""

from collections.abc import Callable, Iterator

import pytest

from speaker_tracker.stage import LoadedStage
from support.cloudevents_stage import NAME
from support.recording_sink import RecordingSink
from support.stage_harness import load


@pytest.fixture(autouse=True)
def no_binding(monkeypatch) -> None:
    """No sink binding of whoever runs the tests."""
    for name in ("K_SINK", "K_CE_OVERRIDES", "K_CA_CERTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sink() -> Iterator[RecordingSink]:
    with RecordingSink() as sink:
        yield sink


@pytest.fixture
def loaded() -> Iterator[Callable[..., LoadedStage]]:
    """Loads the stage with options; retries come quickly."""
    stages = []

    def load_it(**options):
        stages.append(load(NAME, **{"backoff_seconds": 0.001, **options}))
        return stages[-1]

    yield load_it
    for stage in stages:
        stage.close()
