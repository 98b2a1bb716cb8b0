import random

from speaker_tracker.results.latency import LatencyHistogram


def test_the_latency_of_an_instant_is_the_audio_taken_in_less_the_instant():
    latency = LatencyHistogram()
    latency.add(1000, 1001, 1500)
    assert latency.percentile(50) == 500


def test_the_instants_of_a_stretch_count_one_by_one():
    latency = LatencyHistogram()
    latency.add(0, 100, 100)  # 1 .. 100 ms
    assert [latency.percentile(percent) for percent in (1, 50, 95, 100)] == [1, 50, 95, 100]


def test_stretches_are_weighted_by_duration():
    latency = LatencyHistogram()
    latency.add(0, 90, 190)  # 90 instants of 101 .. 190 ms
    latency.add(1000, 1010, 3000)  # 10 instants of 1991 .. 2000 ms
    assert latency.percentile(50) == 150
    assert latency.percentile(90) == 190
    assert latency.percentile(91) == 1991
    assert latency.percentile(95) == 1995


def test_without_instants_there_is_no_percentile():
    assert LatencyHistogram().percentile(50) is None


def test_merged_histograms_count_the_instants_of_both():
    random.seed(2)
    merged, values = LatencyHistogram(), []
    for _ in range(20):
        part = LatencyHistogram()
        for _ in range(5):
            start = random.randrange(5000)
            end = start + random.randrange(400)
            audio = end + random.randrange(1500)
            part.add(start, end, audio)
            values += [audio - ms for ms in range(start, end)]
        merged.merge(part)
    values.sort()
    assert merged.total_ms == len(values)
    for percent in (1, 10, 50, 90, 95, 100):
        assert merged.percentile(percent) == values[-(-len(values) * percent // 100) - 1]
