import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from speaker_tracker.engine.pipeline import StageFailure
from speaker_tracker.events import SpeakerNow, SpeakersAssigned, SpeechEnded, VoiceEmbedding, VoiceModel
from speaker_tracker.stage import StateMismatch
from support.stage_harness import load, of_type, open_stage, run

HOP = 4_000
MODEL = VoiceModel("test", 64, same_voice_cosine=0.4, calibrated_seconds=1.5)
DIRECTIONS = np.linalg.qr(np.random.default_rng(7).normal(size=(64, 64)))[0]


def speech(*turns, start=0):
    """Embeddings of turns ``(voice, seconds)``, one after the other."""
    noise, events = np.random.default_rng(0), []
    voices = [voice for voice, seconds in turns for _ in range(round(seconds * 4))]
    for number, voice in enumerate(voices):
        vector = DIRECTIONS[voice] + noise.normal(0, 0.08, 64)
        begin = start + number * HOP
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        events.append(VoiceEmbedding(begin, begin + HOP, begin - HOP, begin + 2 * HOP, unit, MODEL))
    return events


def final(events):
    """What was last said of each quarter second."""
    last = {}
    for event in of_type(SpeakersAssigned, events):
        for begin in range(event.start, event.end, HOP):
            last[begin // HOP] = event.spans[0].speaker if event.spans else None
    return [last[index] for index in sorted(last)]


@pytest.fixture(scope="module")
def loaded():
    return load("agglomerative_assigner")


def assign(loaded, *turns, num_speakers=2):
    return final(run(open_stage(loaded, num_speakers=num_speakers), speech(*turns)))


def test_ids_are_given_in_order_of_first_appearance(loaded):
    labels = assign(loaded, (2, 5), (0, 5), (1, 5), (2, 5), num_speakers=3)
    assert labels == [0] * 20 + [1] * 20 + [2] * 20 + [0] * 20


@pytest.mark.parametrize("num_speakers", [1, 2, 5])
def test_one_speaker_alone_is_one_speaker(loaded, num_speakers):
    assert set(assign(loaded, (0, 60), num_speakers=num_speakers)) == {0}


def test_a_voice_beyond_those_tracked_is_nobodys(loaded):
    labels = assign(loaded, (0, 10), (1, 10), (2, 10), (0, 5))
    assert labels == [0] * 40 + [1] * 40 + [None] * 40 + [0] * 20


def test_a_stray_window_makes_no_speaker(loaded):
    assert set(assign(loaded, (0, 10), (1, 0.5), (0, 10), num_speakers=3)) <= {0, None}


def test_a_session_of_hours_stays_bounded_and_right():
    pipeline = open_stage(load("agglomerative_assigner", max_recent_windows=60, max_groups=20))
    labels = final(run(pipeline, speech(*[(number % 2, 5) for number in range(120)]), flush=False))
    evidence = pipeline._stages[0].stage._evidence

    assert len(evidence.recent) <= 61
    assert len(evidence.groups) <= 20
    assert np.mean([speaker == index // 20 % 2 for index, speaker in enumerate(labels)]) > 0.98


def test_a_restored_assigner_knows_the_speakers(loaded):
    first, second = open_stage(loaded), open_stage(loaded)
    run(first, speech((0, 10), (1, 10)), flush=False)
    second.restore(first.snapshot())

    assert final(run(second, speech((1, 5), (0, 5), start=80 * HOP)))[-40:] == [1] * 20 + [0] * 20


def test_the_end_of_speech_ends_the_guess_at_who_speaks(loaded):
    pipeline = open_stage(loaded)
    run(pipeline, speech((0, 5)), flush=False)
    assert pipeline.feed(SpeechEnded(20 * HOP))[0] == SpeakerNow(20 * HOP, ())


def test_embeddings_of_another_model_are_not_mixed_in(loaded):
    other = replace(speech((0, 1))[0], model=replace(MODEL, name="other"))
    with pytest.raises(StageFailure) as caught:
        run(open_stage(loaded), [*speech((0, 1)), other])
    assert isinstance(caught.value.__cause__, StateMismatch)


def test_it_loads_what_assigners_share_and_no_other_assigner():
    code = "import speaker_tracker_plugins.agglomerative_assigner, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()

    assert "speaker_tracker_stages.assigning.evidence" in loaded
    assert not [name for name in loaded if name.startswith("speaker_tracker_stages.kmeans_assigner")]
