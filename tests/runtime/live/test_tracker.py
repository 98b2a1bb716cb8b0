"""Trackers with the scripted chain, in which the level of the audio says who speaks."""

import threading

import numpy as np
import pytest

import speaker_tracker
from speaker_tracker import LiveTracker, load_models
from speaker_tracker.client import (
    BadArgument,
    Gap,
    KnownVoice,
    KnownVoicesRefused,
    Report,
    Segment,
    ServerError,
    SessionOver,
    SpeakerUpdate,
    TimelineUpdate,
    Voiceprint,
)
from speaker_tracker.live import models as live_models
from speaker_tracker.settings import SettingsError

pytestmark = pytest.mark.usefixtures("scripted_chain")


@pytest.fixture(autouse=True)
def _no_models_of_other_tests():
    live_models._LOADED.clear()
    yield
    live_models._LOADED.clear()


def speech(seconds, speaker, rate=16_000):
    """The level at which the scripted stage hears ``speaker``; None is silence."""
    return np.full(int(seconds * rate), 0 if speaker is None else 1000 * (speaker + 1), np.int16)


TALK = np.concatenate([speech(1, None), speech(1, 0), speech(2, 1)])


def test_events_and_report_are_those_of_the_client():
    with LiveTracker(num_speakers=2) as tracker:
        events = [event for piece in np.array_split(TALK, 40) for event in tracker.feed(piece)]
        report = tracker.stop()

    assert {type(event) for event in events} == {SpeakerUpdate, TimelineUpdate}
    assert events[-2] == SpeakerUpdate(0, 1, {0: 1000, 1: 2000})
    assert events[-1].audio_ms == 4000
    assert isinstance(report, Report)
    assert (report.finished, report.complete) == (True, True)
    (part,) = report.parts
    assert (part.number, part.offset_ms, part.sent_ms, part.reported) == (0, 0, 4000, True)
    assert part.speaking_ms == {0: 1000, 1: 2000}
    assert part.segments == (Segment(1000, 2000, 0), Segment(2000, 4000, 1))


@pytest.mark.parametrize("size", [160, 4800, 64_000])
def test_the_result_does_not_depend_on_the_pieces(size):
    with LiveTracker() as tracker:
        for at in range(0, len(TALK), size):
            tracker.feed(TALK[at : at + size].tobytes())
        assert tracker.stop().parts[0].speaking_ms == {0: 1000, 1: 2000}


def test_audio_of_another_rate_and_of_two_channels_is_heard():
    talk = np.concatenate([speech(1, None, 48_000), speech(1, 0, 48_000), speech(2, 1, 48_000)])
    with LiveTracker(sample_rate=48_000) as tracker:
        report = tracker.stream(np.array_split(np.stack([talk, talk], axis=1), 9))
    assert report.parts[0].sent_ms == 4000
    assert report.parts[0].speaking_ms == pytest.approx({0: 1000, 1: 2000}, abs=100)


def test_a_gap_counts_as_time():
    with LiveTracker() as tracker:
        report = tracker.stream([speech(1, 0), Gap(3000), speech(1, 1)])
    assert report.parts[0].sent_ms == 5000


def test_without_timeline_there_is_none():
    with LiveTracker(timeline=False) as tracker:
        events = tracker.feed(TALK)
        report = tracker.stop()
    assert {type(event) for event in events} == {SpeakerUpdate}
    assert report.parts[0].segments is None


def test_a_callback_hears_every_event_the_last_ones_as_well():
    heard = []
    with LiveTracker(on_event=heard.append) as tracker:
        fed = tracker.feed(TALK[:60_000])
        report = tracker.stop()
    assert heard[: len(fed)] == fed
    assert len(heard) > len(fed) + 1
    assert heard[-1] is report


def test_a_callback_cannot_use_the_tracker():
    with LiveTracker(on_event=lambda _: tracker.stop()) as tracker, pytest.raises(RuntimeError, match="on_event must not use"):
        tracker.feed(TALK)


def test_what_is_known_can_be_asked_for_at_any_time():
    with LiveTracker() as tracker:
        tracker.feed(TALK[:48_000])
        so_far = tracker.report_so_far()
        report = tracker.stop()
        assert tracker.report_so_far() is tracker.stop() is report
    assert (so_far.finished, so_far.parts[0].reported) == (False, False)
    assert so_far.parts[0].segments == (Segment(1000, 2000, 0), Segment(2000, 3000, 1))


def test_after_the_end_nothing_is_taken():
    with LiveTracker() as tracker:
        tracker.stop()
        with pytest.raises(SessionOver, match="make another"):
            tracker.feed(b"")
    with LiveTracker() as left:
        pass
    for use in (lambda: left.feed(b""), left.stop, lambda: left.gap(5)):
        with pytest.raises(SessionOver):
            use()
    with pytest.raises(RuntimeError, match="entered once"):
        left.__enter__()


def test_a_tracker_is_a_context():
    with pytest.raises(RuntimeError, match="with LiveTracker"):
        LiveTracker().feed(b"")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"num_speakers": 9}, "num_speakers must be a whole number from 1 to 5, not 9"),
        ({"timeline": "yes"}, "timeline must be True or False, not 'yes'"),
        ({"known_voices": ["Anna"]}, "known_voices must be a sequence of KnownVoice"),
        ({"sample_rate": 0}, "sample_rate must be from 2000 to 768000 Hz, not 0"),
    ],
)
def test_an_argument_that_is_wrong_is_named(arguments, sentence):
    with pytest.raises(BadArgument, match=sentence):
        LiveTracker(**arguments)


@pytest.mark.parametrize("ms", [0, -1, 1.5, True, 86_400_001])
def test_a_gap_is_a_number_of_milliseconds(ms):
    with LiveTracker() as tracker, pytest.raises(BadArgument, match="a gap must be"):
        tracker.gap(ms)


def test_audio_that_is_wrong_does_no_harm():
    with LiveTracker() as tracker:
        tracker.feed(TALK[:32_000])
        with pytest.raises(BadArgument):
            tracker.feed(b"abc")
        tracker.feed(TALK[32_000:])
        assert tracker.stop().parts[0].speaking_ms == {0: 1000, 1: 2000}


def test_a_stage_that_fails_ends_the_tracker_with_what_is_known():
    with LiveTracker(stage_options={"scripted": {"broken": "in feed"}}) as tracker:
        for _ in range(2):
            with pytest.raises(ServerError, match="scripted") as raised:
                tracker.feed(TALK)
            assert raised.value.code == "stage_failed"
        with pytest.raises(ServerError):
            tracker.stop()
        assert not tracker.report_so_far().finished


def test_audio_that_a_stage_refuses_is_told():
    with LiveTracker(stage_options={"scripted": {"broken": "blames the client"}}) as tracker:
        with pytest.raises(ServerError, match="this is no audio") as raised:
            tracker.feed(TALK)
        assert raised.value.code == "unsupported_audio"


def test_known_voices_are_refused_by_a_chain_that_recognizes_nobody():
    voice = KnownVoice(name="Anna", voiceprint=Voiceprint(model="m", version=1, seconds=9.0, vector="AACAPw=="))
    tracker = LiveTracker(known_voices=[voice])
    with pytest.raises(KnownVoicesRefused):
        tracker.__enter__()


# -- models ----------------------------------------------------------------------------------------------------------------------


def test_trackers_of_the_same_settings_share_their_models():
    models = load_models()
    assert load_models() is models
    assert load_models(stages=["scripted"]) is models
    assert load_models(stage_options={"scripted": {"hasty": True}}) is not models
    assert models.stages == ("scripted",)
    models.close()
    assert load_models() is not models


def test_a_tracker_takes_models_that_are_loaded():
    models = load_models(stage_options={"scripted": {"hasty": True}})
    with LiveTracker(models=models) as tracker:
        assert tracker.stream([TALK]).parts[0].speaking_ms == {0: 1000, 1: 2000}
    with pytest.raises(BadArgument, match="give stages and stage_options to load_models"):
        LiveTracker(models=models, stages=["scripted"])


def test_the_environment_says_what_is_not_given(monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__BROKEN", "in feed")
    with LiveTracker() as tracker, pytest.raises(ServerError):
        tracker.feed(TALK)
    monkeypatch.setenv("SPEAKER_TRACKER_NONSENSE", "1")
    with pytest.raises(SettingsError, match="SPEAKER_TRACKER_NONSENSE"), LiveTracker():
        pass


def test_models_are_loaded_once_by_many_threads():
    found, begin = [], threading.Barrier(8)

    def load():
        begin.wait()
        found.append(load_models())

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(models) for models in found}) == 1


def test_threads_may_share_a_tracker_and_trackers_their_models():
    def talk(tracker, pieces):
        for _ in range(pieces):
            tracker.feed(speech(0.01, 0))

    with LiveTracker() as shared, LiveTracker() as other:
        threads = [threading.Thread(target=talk, args=(tracker, 100)) for tracker in (shared, shared, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert shared.stop().parts[0].speaking_ms == {0: 2000}
        assert other.stop().parts[0].speaking_ms == {0: 1000}


def test_the_package_offers_what_it_names():
    assert speaker_tracker.LiveTracker is LiveTracker
    assert {"LiveTracker", "load_models"} <= set(speaker_tracker.__all__)
