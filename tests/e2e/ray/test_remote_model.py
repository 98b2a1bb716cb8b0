"""The stage by itself, asked from this process, which is part of the cluster and no replica."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from ray.exceptions import RayTaskError

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.stage import StageLoadError
from speaker_tracker.stagekit import FeatureMean, VoiceQuery, Window
from speaker_tracker.testing import check_stage
from speaker_tracker_plugins.ray_embedding.remote_model import GIVEN_UP_SECONDS, RemoteModelError
from support.stage_harness import load

pytestmark = pytest.mark.e2e


@pytest.fixture
def remote(ray_cluster):
    assert ray_cluster.running("VoiceModel")
    return load("ray_embedding")


def query(samples, count, mean=None):
    """Windows of 1.5 s, each a quarter second after the one before."""
    starts = [4000 * number for number in range(count)]
    return VoiceQuery(
        [Window(start, start + 4000, start, start + 24_000, 4000, samples[start : start + 24_000]) for start in starts], mean
    )


def test_many_threads_get_the_embeddings_of_the_model_in_process(remote, dialogue):
    local = load("speechbrain_embedding")
    samples = dialogue.samples.astype(np.float32)
    asked = [[query(samples, 70, FeatureMean()), query(samples[16_000:], 3)], [query(samples[32_000:], 1, FeatureMean())]]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(remote.infer, asked * 2))

    for answers, queries in zip(found, asked * 2, strict=True):
        for answer, expected in zip(answers, local.infer(queries), strict=True):
            assert np.allclose(answer.vectors, expected.vectors, atol=1e-5)
            assert (answer.mean is None) == (expected.mean is None)
            if expected.mean is not None:
                assert answer.mean.frames == expected.mean.frames
                assert np.allclose(answer.mean.total, expected.mean.total, rtol=1e-4)
    assert remote.voice_model == local.voice_model
    assert remote.counters()["failed_calls"] == 0


@pytest.mark.filterwarnings("ignore")
def test_the_stage_keeps_the_contract(ray_cluster):
    assert ray_cluster.running("VoiceModel")
    check_stage(PluginManager().stages["ray_embedding"].spec, minutes=2)


def test_what_the_model_cannot_do_fails_its_caller_alone_and_is_not_asked_again(remote, dialogue):
    samples = dialogue.samples.astype(np.float32)
    wrong = VoiceQuery(query(samples, 1).windows, FeatureMean(np.zeros(3, np.float32), 5))
    with ThreadPoolExecutor(4) as pool:
        right = [pool.submit(remote.infer, [query(samples, 2)]) for _ in range(3)]
        with pytest.raises(RayTaskError):
            remote.infer([wrong])
        assert all(len(each.result()[0].vectors) == 2 for each in right)
    assert remote.counters()["repeated_calls"] == 0


def test_a_deployment_that_is_not_there_is_named_once_time_is_up(ray_cluster):
    assert ray_cluster.address
    with pytest.raises(
        StageLoadError, match=r"'VoiceModel' of the Serve application 'nobody' did not answer within 1 s .*`serve status`"
    ):
        load("ray_embedding", application="nobody", load_seconds=1)


def test_calls_that_nobody_answers_in_time_fail_together_and_later_ones_are_asked_again(ray_cluster, dialogue):
    assert ray_cluster.running("VoiceModel")
    samples = dialogue.samples.astype(np.float32)
    hasty = load("ray_embedding", timeout_seconds=0.05, load_seconds=60)
    begun = time.monotonic()
    for _ in range(20):
        with pytest.raises(RemoteModelError, match=r"'VoiceModel' of the Serve application .* did not answer within 0.05 s"):
            hasty.infer([query(samples, 32)])
    assert time.monotonic() - begun < GIVEN_UP_SECONDS
    assert hasty.counters()["failed_calls"] == 20
    time.sleep(GIVEN_UP_SECONDS)
    assert hasty.counters()["calls"] == 21  # with the description
    with pytest.raises(RemoteModelError):
        hasty.infer([query(samples, 32)])
