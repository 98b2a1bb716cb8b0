"""What the default chain costs, in a server as users start it."""

import pytest

from speaker_tracker.benchmark import documents
from speaker_tracker.benchmark.clients import clients
from speaker_tracker.benchmark.comparison import plain_server
from speaker_tracker.benchmark.profiling import profiled
from speaker_tracker.benchmark.recordings import read_recordings
from speaker_tracker.benchmark.stack_kinds import Work
from speaker_tracker.benchmark.steps import Live, measured_step
from speaker_tracker.settings import load_settings
from support.known_conversation import DATA

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clean_environment")]
LIVE = Live(num_speakers=2, frame_ms=100, seconds=6.0, warm_up=2.0)
WITH_MODELS = ("silero_vad", "speaker_segmentation", "speechbrain_embedding")


@pytest.fixture(scope="module")
def sending():
    with clients(read_recordings([DATA / "dialogue.flac"])) as found:
        yield found


def test_every_stage_takes_part_of_the_cpu_time_of_the_plain_way(sending):
    settings = load_settings()
    with plain_server(settings) as server:
        step = measured_step(server, sending, 2, LIVE)
    figures = documents.step_document(step)
    assert list(figures["stageCpuMs"]) == settings.stages
    assert all(each > 0 for each in figures["stageCpuMs"].values())
    assert figures["audioSeconds"] > 6
    assert figures["proportionalBytes"] > 1e8


def test_models_take_their_part_of_a_profile(sending):
    result = profiled(load_settings(), sending, 2, LIVE)
    for stage in WITH_MODELS:
        assert result.work(stage, Work.MODEL) > 0
    assert result.work("reporter", Work.MODEL) == 0
    assert result.work("kmeans_assigner", Work.NUMPY) > 0
    assert result.work(None, Work.SOCKETS) > 0
    whole = sum(result.work(place, work) for place in result.places for work in Work)
    assert whole + result.native + result.sampler == pytest.approx(result.step.server.cpu_per_audio, rel=0.2)
