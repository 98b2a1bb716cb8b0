import pytest

from speaker_tracker.evaluation.changes import Changes, NearConfusion
from speaker_tracker.evaluation.detection import Detection, Found
from speaker_tracker.evaluation.results import ConversationResult, as_json, summarize
from speaker_tracker.evaluation.scoring import DiarizationError
from speaker_tracker.results.latency import LatencyHistogram


def result(uri, group, error, latency_ms, seconds=100.0):
    latency = LatencyHistogram()
    latency.add(0, 1, latency_ms)
    final = DiarizationError(error.total)
    return ConversationResult(
        uri,
        group,
        2,
        2,
        seconds,
        10.0,
        error,
        final,
        latency,
        id_switches=int(error.missed),
        online_detection=Detection(Found(8, missed=error.missed), Found(2, missed=2)),
        final_detection=Detection(Found(8, false_alarm=error.missed), Found(2, missed=1, false_alarm=3)),
        changes=Changes(seconds, total=4, found=3, false=5),
        online_near=NearConfusion(around=error.missed, after=1),
        final_near=NearConfusion(around=0.5, after=0.25),
    )


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


def test_detection_and_changes_are_over_everything_in_the_group():
    both = summarize(RESULTS)["clean"]
    assert both.online_detection == Detection(Found(16, missed=1), Found(4, missed=4))
    assert both.final_detection == Detection(Found(16, false_alarm=1), Found(4, missed=2, false_alarm=6))
    assert both.changes == Changes(400, total=8, found=6, false=10)
    assert both.changes.false_per_minute == pytest.approx(1.5)
    assert (both.online_near, both.final_near) == (NearConfusion(1, 2), NearConfusion(1, 0.5))


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
        "detection": {
            "online": {
                "speech": {"missed": 0.625, "falseAlarm": 0.0, "totalSeconds": 8},
                "overlap": {"found": 0.0, "false": None, "totalSeconds": 2, "falseSeconds": 0},
            },
            "final": {
                "speech": {"missed": 0.0, "falseAlarm": 0.625, "totalSeconds": 8},
                "overlap": {"found": 0.5, "false": 0.75, "totalSeconds": 2, "falseSeconds": 3},
            },
        },
        "changes": {"found": 0.75, "falsePerMinute": 3.0, "total": 4},
        "confusionNearChanges": {"online": {"around": 0.5, "after": 0.1}, "final": {"around": 0.05, "after": 0.025}},
        "idSwitches": 5,
        "latencyMs": {"median": 300, "p95": 300},
        "realTimeFactor": 0.1,
    }
    assert [file["uri"] for file in document["files"]] == ["one", "two", "three"]
