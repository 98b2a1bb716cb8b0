import pytest

from speaker_tracker.evaluation.results import ConversationResult, as_json, summarize
from speaker_tracker.evaluation.scoring import DiarizationError
from speaker_tracker.results.latency import LatencyHistogram


def result(uri, group, error, latency_ms, seconds=100.0):
    latency = LatencyHistogram()
    latency.add(0, 1, latency_ms)
    final = DiarizationError(error.total)
    return ConversationResult(uri, group, 2, 2, seconds, 10.0, error, final, latency, id_switches=int(error.missed))


RESULTS = [
    result("one", "clean", DiarizationError(10, missed=1), 100),
    result("two", "noisy", DiarizationError(10, missed=5), 300),
    result("three", "clean", DiarizationError(30), 200, seconds=300.0),
]


def test_groups_are_summed_up_in_order_of_appearance_and_all_come_last():
    summaries = summarize(RESULTS)
    assert list(summaries) == ["clean", "noisy", "all"]
    assert [summary.files for summary in summaries.values()] == [2, 1, 3]


def test_rates_are_over_the_total_time_and_not_means_of_files():
    summaries = summarize(RESULTS)
    assert summaries["clean"].online.rate == pytest.approx(1 / 40)
    assert summaries["all"].online.rate == pytest.approx(6 / 50)


def test_latency_and_speed_are_over_everything_in_the_group():
    summaries = summarize(RESULTS)
    assert summaries["clean"].latency.percentile(50) == 100
    assert summaries["all"].latency.percentile(50) == 200
    assert summaries["clean"].real_time_factor == pytest.approx(20 / 400)


def test_the_document_has_groups_and_files():
    document = as_json(RESULTS)
    assert document["groups"]["noisy"] == {
        "files": 1,
        "seconds": 100.0,
        "online": {"der": 0.5, "missed": 0.5, "falseAlarm": 0.0, "confusion": 0.0, "totalSeconds": 10},
        "final": {"der": 0.0, "missed": 0.0, "falseAlarm": 0.0, "confusion": 0.0, "totalSeconds": 10},
        "idSwitches": 5,
        "latencyMs": {"median": 300, "p95": 300},
        "realTimeFactor": 0.1,
    }
    assert [file["uri"] for file in document["files"]] == ["one", "two", "three"]
