"""The measures that are no steps, of a server whose chain needs no model, and file mode."""

from contextlib import closing

import pytest

from speaker_tracker.benchmark import documents
from speaker_tracker.benchmark.charts import load_chart, soak_chart
from speaker_tracker.benchmark.cold_start import measured_start
from speaker_tracker.benchmark.comparison import compared, plain_server
from speaker_tracker.benchmark.errors import BenchmarkError
from speaker_tracker.benchmark.file_mode import file_runs
from speaker_tracker.benchmark.measured_server import serving
from speaker_tracker.benchmark.profiling import profiled
from speaker_tracker.benchmark.recordings import LoopedAudio
from speaker_tracker.benchmark.sampler import supported
from speaker_tracker.benchmark.soak import Soak, SoakResult, slice_seconds, soaked
from speaker_tracker.benchmark.steps import Goal, Live, LoadResult, stepped_up
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.settings import load_settings

LIVE = Live(num_speakers=2, frame_ms=100, seconds=1.5, warm_up=0.3, ramp=0.3)
PNG = b"\x89PNG"


def test_both_ways_are_measured_in_turns(settings, sending):
    lines = []
    with serving(settings) as own, plain_server(settings) as plain:
        comparison = compared((own, plain), sending, 3, LIVE, 2, lines.append)
    document = documents.comparison_document(comparison)
    assert [[step["sessions"] for step in document[way]] for way in ("own", "plain")] == [[3, 3], [4, 4]]
    assert document["cpuRatio"]["least"] <= document["cpuRatio"]["median"] <= document["cpuRatio"]["most"]
    assert set(document["plain"][0]["stageCpuMs"]) == {"scripted"}
    assert document["plain"][0]["stageCpuMs"]["scripted"] > 0
    assert len(lines) == 2


def test_a_soak_is_cut_into_slices_of_audio(settings, sending):
    hours = 40 / 3600
    with serving(settings) as server:
        result = soaked(server, sending, Soak(hours, 20.0, 2, 2, 100), lambda _: None)
    assert result.slices[0].begin == 0
    assert result.slices[-1].end == pytest.approx(40, abs=0.2)
    assert all(before.end == after.begin for before, after in zip(result.slices, result.slices[1:], strict=False))
    assert 4 <= len(result.slices) <= 9
    assert sum(each.used.audio_seconds for each in result.slices) == pytest.approx(80, abs=0.4)
    assert result.cpu_ratio > 0
    assert 1 < result.speed <= 21
    document = documents.soak_document(result)
    assert document["memoryGrowthBytes"] == result.memory_growth
    assert len(document["slices"]) == len(result.slices)
    if pytest.importorskip("matplotlib"):
        assert soak_chart(result).startswith(PNG)


def test_a_session_that_ends_early_ends_the_soak(settings, sending, monkeypatch):  # noqa: ARG001
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__BROKEN", "in feed")
    with serving(load_settings()) as server, pytest.raises(BenchmarkError, match="ended before its time: stage_failed"):
        soaked(server, sending, Soak(0.01, 20.0, 1, 2, 100), lambda _: None)


def test_slices_are_an_hour_or_an_eighth_of_short_sessions():
    assert (slice_seconds(24), slice_seconds(8), slice_seconds(1)) == (3600, 3600, 450)
    assert SoakResult(1).slices == []


def test_a_start_is_measured_until_the_first_label(settings, pcm):
    start = measured_start(settings, LoopedAudio(pcm, 100), 2, 100)
    assert 0 < start.health <= start.ready < start.label
    assert 1.0 < start.speaking < start.label  # a second of silence comes first
    assert 0 < start.cpu_seconds < start.ready * 4
    document = documents.starts_document([start, start])
    assert document["runs"] == 2
    assert document["readySeconds"]["least"] <= document["readySeconds"]["most"]


def test_a_recording_without_speech_gives_no_label(settings, write_audio, monkeypatch):
    from speaker_tracker.benchmark import cold_start  # noqa: PLC0415
    from speaker_tracker.benchmark.recordings import read_recordings  # noqa: PLC0415

    monkeypatch.setattr(cold_start, "LABEL_SECONDS", 1.0)
    silence = LoopedAudio(read_recordings([write_audio("silence.wav", [(2, None)])]), 100)
    with pytest.raises(BenchmarkError, match="no label came within 1 s; name a recording in which somebody speaks"):
        measured_start(settings, silence, 2, 100)


@pytest.mark.skipif(not supported(), reason="threads have no clocks of their own here")
def test_a_profile_tells_the_places_and_what_they_do(settings, sending):
    result = profiled(settings, sending, 4, LIVE)
    document = documents.profile_document(result)
    assert list(document["places"]) == ["scripted", documents.OUTSIDE]
    cpu = {place: sum(figures["cpuMs"].values()) for place, figures in document["places"].items()}
    assert cpu[documents.OUTSIDE] > 0
    whole = sum(cpu.values()) + document["nativeThreadsCpuMs"] + document["profilerCpuMs"]
    assert whole == pytest.approx(document["step"]["cpuMs"], rel=0.3)


def test_file_mode_is_measured_in_this_process(settings, conversation):
    with closing(build_chain(settings)) as chain:
        runs = list(file_runs(chain, [conversation, conversation], 2, 100, 2))
    assert [run.used.audio_seconds for run in runs] == [8.0, 8.0]
    for run in runs:
        assert run.speed > 1
        assert run.used.stages["scripted"] > 0
    document = documents.files_document(runs)
    assert document["speed"]["least"] <= document["speed"]["median"] <= document["speed"]["most"]
    assert len(document["runs"]) == 2


@pytest.mark.parametrize("numbers", [[1], [1, 2]])
def test_steps_are_drawn(settings, sending, numbers):
    pytest.importorskip("matplotlib")
    with serving(settings) as server:
        result = LoadResult(500, list(stepped_up(server, sending, LIVE, Goal(500, 8), numbers)))
    assert load_chart(result).startswith(PNG)


def test_the_circumstances_say_what_was_measured_and_where(settings):
    found = documents.circumstances(settings)
    assert found["stages"] == ["scripted"]
    assert found["cores"] >= 1
