"""Sessions through a Ray cluster are answered as by one process, by a model that front ends do not hold."""

import re
from contextlib import ExitStack

import pytest

pytestmark = pytest.mark.e2e


def test_a_conversation_is_answered_as_by_one_process(connect, server, pcm, undisturbed):
    with connect(server.url) as client:
        client.start(timeline=True)
        client.stream(pcm)
        assert client.report() == undisturbed


def test_front_ends_tell_the_model_that_they_do_not_hold(server, ray_cluster):
    models, alone = ray_cluster.health()["models"], server.health()[1]["models"]
    assert models["ray_embedding"] == alone["speechbrain_embedding"] | {"deployment": "speaker-tracker/VoiceModel"}
    assert "speechbrain_embedding" not in models


def test_clients_beyond_the_limit_are_told_so(connect, ray_cluster):
    with ExitStack() as stack:
        for _ in range(ray_cluster.health()["max_sessions"]):
            stack.enter_context(connect(ray_cluster.url)).start()
        one_more = stack.enter_context(connect(ray_cluster.url))
        assert one_more.heard("error")["code"] == "server_busy"
        assert one_more.close_code() == 1013


def test_no_audio_is_put_into_object_stores(connect, ray_cluster, pcm, undisturbed):
    def objects():
        return re.findall(r"(\d+) objects", ray_cluster.stored())

    before = objects()
    assert before
    with connect(ray_cluster.url) as client:
        client.start(timeline=True)
        client.stream(pcm)
        assert client.report() == undisturbed
    assert objects() == before
    counted = ray_cluster.health()["counters"]["ray_embedding"]
    assert counted["calls"] > 10
    assert counted["failed_calls"] == 0


def test_voices_are_known_again(connect, ray_cluster, pcm):
    with connect(ray_cluster.url) as client:
        client.start(voiceprints=True)
        client.stream(pcm)
        first = client.report()["speakers"][0]
    with connect(ray_cluster.url) as client:
        client.start(known_voices=[{"name": "Anna", "voiceprint": first["voiceprint"]}])
        client.stream(pcm)
        assert client.report()["speakers"][0]["name"] == "Anna"
