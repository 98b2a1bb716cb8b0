"""Live tracking with the real chain: the same result as ``diarize`` has, whatever the audio comes as."""

import threading

import numpy as np
import pytest
import soundfile
import soxr

from speaker_tracker import LiveTracker, load_models
from speaker_tracker.audio.file import AudioFile
from speaker_tracker.client import Gap
from speaker_tracker.results.tracking import track
from support.known_conversation import DATA

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def models():
    return load_models(stage_options={"speechbrain_embedding": {"source": "embedded"}})


@pytest.fixture(scope="module")
def dialogue():
    return soundfile.read(DATA / "dialogue.flac", dtype="int16")[0]


@pytest.fixture(scope="module")
def result(models, dialogue):
    with LiveTracker(models=models) as tracker:
        return tracker.stream(np.array_split(dialogue, 200)).parts[0]


def test_the_result_is_that_of_a_file(models, result):
    report = track(models.chain.open, AudioFile(DATA / "dialogue.flac"), 2).report
    assert {each.id: each.totalTimeMs for each in report.speakers} == result.speaking_ms
    assert tuple(each.segment() for each in report.segments) == result.segments


def test_audio_of_48_khz_in_stereo_is_heard_alike(models, dialogue, result):
    wide = soxr.resample(dialogue.astype(np.float32) / 32_768, 16_000, 48_000)
    with LiveTracker(models=models, sample_rate=48_000) as tracker:
        (part,) = tracker.stream(np.array_split(np.stack([wide, wide / 2], axis=1), 100)).parts
    assert part.speaking_ms == pytest.approx(result.speaking_ms, abs=700)


def test_a_gap_moves_what_comes_after_it(models, dialogue, result):
    with LiveTracker(models=models) as tracker:
        (part,) = tracker.stream([Gap(60_000), *np.array_split(dialogue, 50)]).parts
    assert part.sent_ms == 60_000 + len(dialogue) // 16
    assert part.segments[0].start_ms == pytest.approx(60_000 + result.segments[0].start_ms, abs=200)


def test_trackers_in_several_threads_share_the_models_and_not_their_speakers(models, dialogue, result):
    found = {}

    def run(number):
        with LiveTracker(models=models) as tracker:
            found[number] = tracker.stream(np.array_split(dialogue, 100)).parts[0]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number].segments for number in range(3)] == [result.segments] * 3


def test_voiceprints_of_one_conversation_name_people_in_the_next(models, dialogue):
    from speaker_tracker.client import KnownVoice  # noqa: PLC0415 - of this test alone

    with LiveTracker(models=models, voiceprints=True) as tracker:
        (part,) = tracker.stream([dialogue]).parts
    voices = [KnownVoice(name=name, voiceprint=part.voiceprints[speaker]) for speaker, name in enumerate(("Anna", "Max"))]
    with LiveTracker(models=models, known_voices=voices) as tracker:
        report = tracker.stream([dialogue])
    assert report.parts[0].names == {0: "Anna", 1: "Max"}
    assert "Anna" in report._repr_html_()
