"""The plugin of a measured server: the observer that tells what it uses, and stages that run the plain way or are marked.

It is installed for servers of a benchmark alone, see ``measured_server``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from speaker_tracker import hookimpl
from speaker_tracker.benchmark.marks import with_marks
from speaker_tracker.benchmark.meter import Meter, MeterOptions
from speaker_tracker.benchmark.plain import without_batches
from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.observer import ObserverSpec
from speaker_tracker.settings import load_settings
from speaker_tracker.stage import StageSpec

OBSERVER = "benchmark_meter"
PLAIN, MARKED = "plain_", "marked_"
"""What names of such stages begin with."""
KINDS: Mapping[str, Callable[[StageSpec, str], StageSpec]] = {PLAIN: without_batches, MARKED: with_marks}


class _Search:
    under_way = False


@contextmanager
def _search() -> Iterator[None]:
    """Context in which this plugin offers no stage, so that the others can be found."""
    _Search.under_way = True
    try:
        yield
    finally:
        _Search.under_way = False


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers the stages of the chain whose names say that they are plain or marked; no other."""
    if _Search.under_way:
        return []
    with _search():
        settings = load_settings()
        wanted = [(kind, name) for name in settings.stages for kind in KINDS if name.startswith(kind)]
        offers = PluginManager(settings.blocked_plugins).stages if wanted else {}
    originals = [(kind, name, offers.get(name.removeprefix(kind))) for kind, name in wanted]
    return [KINDS[kind](original.spec, name) for kind, name, original in originals if original is not None]


@hookimpl
def speaker_tracker_observers() -> Sequence[ObserverSpec]:
    """Offers ``benchmark_meter``."""
    return [ObserverSpec(name=OBSERVER, summary="tells a benchmark what the server uses", options=MeterOptions, load=Meter)]


def own_name(stage: str) -> str:
    """The name of the stage that a plain or marked one is made of; other names as they are."""
    return next((stage.removeprefix(kind) for kind in KINDS if stage.startswith(kind)), stage)
