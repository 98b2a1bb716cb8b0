"""Replicas of the voice model come with the work and go with it; a new release takes over while sessions go on with the old one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from .conftest import ARGUMENTS, VOICE_MODELS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_replicas_are_added_under_load_and_taken_away_after_it(connect, ray_cluster, pcm, undisturbed, as_at_first):  # noqa: ARG001 - for what it does afterwards
    eager = {"min_replicas": 1, "max_replicas": 3, "target_calls": 0.3, "upscale_delay_seconds": 1, "downscale_delay_seconds": 4}
    ray_cluster.deploy({**ARGUMENTS, "voice_model": VOICE_MODELS | eager})
    ray_cluster.until(lambda: ray_cluster.running("VoiceModel") == 1)

    enough, reports = threading.Event(), []

    def keep_talking():
        while not enough.is_set():
            with connect(ray_cluster.url) as client:
                client.start(timeline=True)
                client.stream(pcm)
                reports.append(client.report())

    talking = [threading.Thread(target=keep_talking) for _ in range(4)]
    for thread in talking:
        thread.start()
    try:
        ray_cluster.until(lambda: ray_cluster.running("VoiceModel") >= 2)
    finally:
        enough.set()
        for thread in talking:
            thread.join()
    assert reports
    assert all(report == undisturbed for report in reports)
    ray_cluster.until(lambda: ray_cluster.running("VoiceModel") == 1)


def test_a_rolling_update_leaves_sessions_where_they_are(connect, ray_cluster, pcm, undisturbed, as_at_first):  # noqa: ARG001 - for what it does afterwards
    middle = len(pcm) // 4 * 2
    before = {process.pid for process in ray_cluster.processes("FrontEnd")}
    fewer = {**ARGUMENTS, "settings": ARGUMENTS["settings"] | {"max_sessions": 7}}
    with connect(ray_cluster.url) as old, ThreadPoolExecutor() as pool:
        old.start(timeline=True)
        old.stream(pcm[:middle])
        deployed = pool.submit(ray_cluster.deploy, fewer)
        ray_cluster.until(lambda: old.say(action="keepalive") or ray_cluster.health()["max_sessions"] == 7)
        with connect(ray_cluster.url) as new:
            new.start(timeline=True)
            new.stream(pcm)
            assert new.report() == undisturbed
        assert before < {process.pid for process in ray_cluster.processes("FrontEnd")}
        assert not deployed.done()  # it waits for the old replica's session
        old.stream(pcm[middle:])
        assert old.report() == undisturbed
        deployed.result(timeout=120)
    assert not before & {process.pid for process in ray_cluster.processes("FrontEnd")}


def test_another_model_ends_sessions_instead_of_mixing_up_who_is_who(connect, ray_cluster, pcm, as_at_first):  # noqa: ARG001 - as above
    middle = len(pcm) // 4 * 2
    options = ARGUMENTS["settings"]["stage_options"] | {"speechbrain_embedding": {"normalization": "window"}}
    other = {**ARGUMENTS, "settings": ARGUMENTS["settings"] | {"stage_options": options, "max_sessions": 7}}
    before = replicas(ray_cluster)
    with connect(ray_cluster.url) as old, ThreadPoolExecutor() as pool:
        old.start()
        old.stream(pcm[:middle])
        deployed = pool.submit(ray_cluster.deploy, other)
        ray_cluster.until(lambda: old.say(action="keepalive") or not before & replicas(ray_cluster))
        ray_cluster.until(lambda: old.say(action="keepalive") or ray_cluster.health()["max_sessions"] == 7)
        with suppress(ConnectionClosed):  # while it is still being told
            old.stream(pcm[middle:])
        assert old.heard("error")["code"] == "stage_failed"
        deployed.result(timeout=120)


def replicas(cluster):
    return {process.pid for process in cluster.processes("VoiceModel")}
