"""The metrics of one process, as a scraper reads them; and that docs/metrics.md has them all."""

import re
import sys
import threading
from pathlib import Path

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

from speaker_tracker import __version__
from speaker_tracker.engine.observers import ObserverConfigurationError, configure_observers, load_observers
from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.observer import ServerProcessInfo
from speaker_tracker.protocol import ErrorCode

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
PROCESS = ServerProcessInfo(("vad", "embedding"), {"vad": {"model": "small"}, "embedding": {"source": "a folder"}}, max_sessions=7)
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


class Scraped:
    """Values and families of a text in Prometheus' format."""

    def __init__(self, text):
        self.families = {family.name: family for family in parser.text_string_to_metric_families(text)}
        self.samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def __call__(self, name, **labels):
        return self.samples[f"speaker_tracker_{name}", tuple(sorted(labels.items()))]


def load(**options):
    return load_observers(configure_observers(PluginManager(), ["prometheus"], {"prometheus": options}))


@pytest.fixture
def observer():
    loaded = load()
    loaded.started(PROCESS)
    return loaded


async def answer(observer, accept="", path="/metrics"):
    return await observer.endpoints()[path](accept)


async def scraped(observer):
    return Scraped((await answer(observer)).body.decode())


def sentence(**options):
    with pytest.raises(ObserverConfigurationError) as raised:
        load(**options)
    return str(raised.value)


# -- what is counted -------------------------------------------------------------------------------------------------------------


async def test_all_that_is_known_beforehand_is_there_from_the_start(observer):
    values = await scraped(observer)

    assert (
        values("sessions") == values("sessions_opened_total") == values("audio_seconds_total") == values("lag_seconds_count") == 0
    )
    assert values("sessions_limit") == 7
    assert values("build_info", version=__version__) == 1
    for stage in PROCESS.stages:
        assert values("stage_seconds_total", stage=stage) == values("stage_calls_total", stage=stage) == 0
    for reason in ("origin", "token", "server_busy", "shutting_down"):
        assert values("refusals_total", reason=reason) == 0
    for code in ErrorCode:
        assert values("session_errors_total", code=code.value) == 0


async def test_stages_that_have_a_model_tell_it(observer):
    family = (await scraped(observer)).families["speaker_tracker_model_info"]

    assert [(sample.labels, sample.value) for sample in family.samples] == [({"stage": "vad", "model": "small"}, 1)]


async def test_sessions_are_those_that_are_open(observer):
    for _ in range(3):
        observer.session_opened()
    observer.session_ended()
    values = await scraped(observer)

    assert (values("sessions"), values("sessions_opened_total")) == (2, 3)


async def test_refusals_and_errors_are_counted_by_what_they_are(observer):
    observer.refused("token")
    observer.refused("token")
    observer.refused("a reason of later versions")
    observer.failed("odd_length")
    values = await scraped(observer)

    assert values("refusals_total", reason="token") == 2
    assert values("refusals_total", reason="a reason of later versions") == 1
    assert values("session_errors_total", code="odd_length") == 1


async def test_audio_is_added_up_and_its_lag_put_into_buckets(observer):
    observer.audio_handled(0.5, 0.004)
    observer.audio_handled(1.0, 0.3)
    observer.audio_handled(1.0, 60.0)
    values = await scraped(observer)

    assert values("audio_seconds_total") == 2.5
    assert values("lag_seconds_sum") == 60.304
    buckets = [values("lag_seconds_bucket", le=le) for le in ("0.005", "0.25", "0.5", "10.0", "+Inf")]
    assert buckets == [1, 1, 2, 2, 3]


async def test_time_and_calls_are_those_of_each_stage(observer):
    observer.stage_took("vad", 0.25)
    observer.stage_took("vad", 0.5)
    observer.stage_took("embedding", 2.0)
    values = await scraped(observer)

    assert values("stage_seconds_total", stage="vad") == 0.75
    assert values("stage_calls_total", stage="vad") == 2
    assert values("stage_seconds_total", stage="embedding") == 2.0


async def test_totals_of_a_stage_become_a_counter(observer):
    for total in (0, 3, 3, 5):
        observer.stage_counted("vad", "lost", total)
    observer.stage_counted("vad", "late", 1)
    observer.stage_counted("embedding", "lost", 1)
    values = await scraped(observer)

    assert values("stage_events_total", stage="vad", what="lost") == 5
    assert values("stage_events_total", stage="vad", what="late") == 1
    assert values("stage_events_total", stage="embedding", what="lost") == 1


async def test_a_total_that_falls_takes_nothing_back(observer):
    for total in (5, 2, 3):
        observer.stage_counted("vad", "lost", total)

    assert (await scraped(observer))("stage_events_total", stage="vad", what="lost") == 6


async def test_threads_lose_nothing_to_each_other(observer):
    def work():
        for _ in range(1000):
            observer.stage_took("vad", 1.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (await scraped(observer))("stage_seconds_total", stage="vad") == 4000


async def test_observers_do_not_share_what_they_count(observer):
    other = load()
    other.started(PROCESS)
    other.session_opened()

    assert (await scraped(observer))("sessions") == 0


# -- how it is told --------------------------------------------------------------------------------------------------------------


async def test_the_format_is_the_one_that_is_asked_for(observer):
    observer.audio_handled(1.0, 0.1)
    plain, open_ = await answer(observer, "text/plain"), await answer(observer, OPENMETRICS)

    assert plain.content_type.startswith("text/plain; version=0.0.4")
    assert open_.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert open_.body.endswith(b"# EOF\n")
    families = {family.name: family for family in openmetrics.text_string_to_metric_families(open_.body.decode())}
    assert families["speaker_tracker_audio_seconds"].samples[0].value == 1.0


@pytest.mark.parametrize(
    "accept", ["*/*", "text/plain;version=none", "application/openmetrics-text; version=1..0", "\udcff", ";=,"]
)
async def test_who_asks_for_what_there_is_not_gets_plain_text(observer, accept):
    assert (await answer(observer, accept)).content_type.startswith("text/plain; version=0.0.4")


async def test_the_path_is_an_option():
    observer = load(path="/internal/figures")
    observer.started(PROCESS)

    assert list(observer.endpoints()) == ["/internal/figures"]
    assert (await answer(observer, path="/internal/figures")).body


# -- what cannot work ------------------------------------------------------------------------------------------------------------


def test_a_path_begins_with_a_slash():
    assert sentence(path="metrics") == (
        "option 'path' of observer 'prometheus' (set by SPEAKER_TRACKER_OBSERVER_OPTIONS__PROMETHEUS__PATH) cannot be 'metrics': "
        "Value error, a path begins with a slash, such as /metrics"
    )


def test_without_its_package_the_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "speaker_tracker_plugins.prometheus.observer", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    assert re.fullmatch(
        r"observer 'prometheus' cannot be loaded: it needs prometheus_client, which is not installed or does not load \(.*\); "
        r"run: pip install 'speaker-tracker\[prometheus\]'",
        sentence(),
    )


# -- docs/metrics.md -------------------------------------------------------------------------------------------------------------


def documented():
    """(type, labels) by name."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `")]
    return {name.strip("`"): (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels, _ in cells}


@pytest.mark.skipif(sys.platform != "linux", reason="process metrics are for Linux")
async def test_every_metric_is_documented_with_its_type_and_labels(observer):
    observer.stage_counted("vad", "lost", 1)
    found = {}
    for family in (await scraped(observer)).families.values():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = (family.type, {label for sample in family.samples for label in sample.labels})

    assert found == documented()


def test_queries_ask_for_metrics_that_there_are():
    queries = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    asked = {name.removesuffix("_bucket") for query in queries for name in re.findall(r"(?:speaker_tracker|process)_\w+", query)}

    assert len(asked) >= 7
    assert asked <= set(documented())


def test_the_path_is_documented():
    assert "SPEAKER_TRACKER_OBSERVER_OPTIONS__PROMETHEUS__PATH" in PAGE
