"""Conversations streamed to a server with the default chain, by clients that know the protocol only."""

import threading
import time

import numpy as np
import pytest

pytestmark = pytest.mark.e2e

SECOND = bytes(32_000)


def assert_totals_near(report, dialogue, tolerance):
    """``report`` tells both voices' times, within a share ``tolerance`` of the reference."""
    reference = dialogue.speakers.sum(axis=1) / 16
    assert [speaker["id"] for speaker in report["speakers"]] == list(range(len(reference)))
    for speaker, wanted in zip(report["speakers"], reference, strict=True):
        assert speaker["totalTimeMs"] == pytest.approx(wanted, rel=tolerance)


def test_six_points_give_speakers_as_they_speak_and_a_report(connect, dialogue, pcm):
    with connect() as client:
        client.start(num_speakers=2)
        client.stream(pcm)
        report = client.report()

    assert client.messages[0] == {"event": "started", "num_speakers": 2}
    periodic = client.messages[1:-1]
    assert {frozenset(message) for message in periodic} == {frozenset({"event", "currentSpeakerId", "speakingTimeMs"})}
    assert len(periodic) > 60
    assert {message["currentSpeakerId"] for message in periodic} == {None, 0, 1}
    assert set(report) == {"event", "speakers"}
    assert_totals_near(report, dialogue, 0.15)


def test_timeline_of_the_report_sums_up_to_its_times(connect, dialogue, pcm):
    with connect() as client:
        client.start(num_speakers=2, timeline=True)
        client.stream(pcm)
        report = client.report()

    heard = client.heard("timeline", more_than=10)
    assert heard["audioMs"] <= len(pcm) // 32
    totals = {speaker["id"]: speaker["totalTimeMs"] for speaker in report["speakers"]}
    for speaker, total in totals.items():
        assert total == sum(s["endMs"] - s["startMs"] for s in report["segments"] if s["speakerId"] == speaker)
    assert_totals_near(report, dialogue, 0.15)


@pytest.mark.parametrize("frame", [30, 638, 64_000, 960_000])
def test_report_does_not_depend_on_the_length_of_frames(connect, pcm, frame):
    reports = []
    for length in (3200, frame):
        with connect() as client:
            client.start()
            client.stream(pcm[: 32_000 * 8], frame=length)
            reports.append(client.report())

    assert reports[0] == reports[1]


def test_sessions_at_the_same_time_hear_the_same_as_alone(connect, pcm):
    part = pcm[: 32_000 * 15]
    reports = {}

    def run(name):
        with connect() as client:
            client.start()
            client.stream(part)
            reports[name] = client.report()

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run("alone")

    assert all(report == reports["alone"] for report in reports.values())


def test_pure_noise_is_nobody(connect):
    noise = np.random.default_rng(1).normal(0, 0.1, 16_000 * 20).clip(-1, 1)
    with connect() as client:
        client.start()
        client.stream((noise * 32767).astype("<i2").tobytes())
        assert client.report()["speakers"] == []


def test_eight_bytes_are_a_session(connect):
    with connect() as client:
        client.start()
        client.stream(bytes(8))
        assert client.report()["speakers"] == []


def test_session_without_audio_gets_a_report_without_speakers(connect):
    with connect() as client:
        client.start()
        assert client.report()["speakers"] == []


def test_live_session_keeps_hearing_while_another_floods(connect, pcm, record_property):
    stop = threading.Event()
    flooded = 0

    def flood():
        nonlocal flooded
        with connect() as client:
            client.start()
            while not stop.is_set():
                client.connection.send(pcm[:640_000])
                flooded += 20

    flooding = threading.Thread(target=flood)
    flooding.start()
    delays, taken = [], []
    with connect() as client:
        client.start()
        for tick in range(15):
            before = flooded
            # A second of audio, after which at least one message is due; waiting for it paces the session.
            client.stream(pcm[tick * 32_000 : (tick + 1) * 32_000])
            sent = time.monotonic()
            client.heard("speaker", more_than=tick)
            delays.append(time.monotonic() - sent)
            taken.append(flooded - before)
        client.report()
    stop.set()
    flooding.join()

    record_property("median_delay_s", np.median(delays))
    record_property("longest_delay_s", max(delays))
    record_property("flooded_s", flooded)
    assert flooded > 20
    # Each second is ten frames. Would any of them wait until a frame of the other's was through, that would be 200 s of it.
    # The first ones find buffers between client and server that are still empty.
    assert np.median(taken) <= 20
    assert max(taken[5:]) < 100


@pytest.mark.timeout(1200)
def test_three_hours_of_silence_are_nobody_and_take_no_memory(connect, server, record_property):
    with connect() as client:
        client.start(timeline=True)
        begun = time.monotonic()
        client.stream(SECOND * 600, frame=32_000)
        early = server.memory()
        for _ in range(17):
            client.stream(SECOND * 600, frame=32_000)
        report = client.report(within=300)
        grown = server.memory() - early
        record_property("took_s", time.monotonic() - begun)
        record_property("grown_mib", grown / 2**20)

    assert report["speakers"] == []
    assert report["segments"] == []
    assert grown < 16 << 20
