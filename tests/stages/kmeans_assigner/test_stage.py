from dataclasses import replace

import numpy as np
import pytest

from speaker_tracker.engine.pipeline import StageFailure
from speaker_tracker.events import SpeakerNow, SpeakersAssigned, SpeechEnded, VoiceCalibration, VoiceEmbedding, VoiceModel
from speaker_tracker.stage import StateMismatch
from support.stage_harness import load, of_type, open_stage, run

HOP = 4_000
RATE = 16_000
CALIBRATION = VoiceCalibration(
    within_variance=0.35,
    between_variance=0.63,
    common_variance=0.02,
    style_variance=0.01,
    channel_variance=0.02,
    effective_dimension=18.0,
    evidence_by_seconds=((0.25, 0.3), (0.75, 1.0)),
    equal_error_rate=0.0,
    measured_on="the voices of speech(), whose windows are of 0.75 s",
)
MODEL = VoiceModel("test", 64, same_voice_cosine=0.4, calibrated_seconds=0.75, calibration=CALIBRATION)
DIRECTIONS = np.linalg.qr(np.random.default_rng(7).normal(size=(64, 64)))[0]


def speech(*turns, spread=0.08, start=0, seed=0):
    """Embeddings of turns ``(voice, seconds)``, one after the other; windows hear their neighbours as well."""
    noise, events = np.random.default_rng(seed), []
    voices = [voice for voice, seconds in turns for _ in range(round(seconds * RATE / HOP))]
    for number, position in enumerate(range(start, start + len(voices) * HOP, HOP)):
        heard = range(max(0, number - 1), min(len(voices), number + 2))
        vector = DIRECTIONS[[voices[other] for other in heard]].mean(axis=0) + noise.normal(0, spread, 64)
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        span = (start + heard.start * HOP, start + heard.stop * HOP)
        events.append(VoiceEmbedding(position, position + HOP, *span, vector, MODEL))
    return events


class Labels:
    """What an assigner said of each stretch of a quarter second: first, and last."""

    def __init__(self, events):
        self.first, self.last = {}, {}
        for event in of_type(SpeakersAssigned, events):
            speaker = event.spans[0].speaker if event.spans else None
            for position in range(event.start, event.end, HOP):
                self.first.setdefault(position // HOP, speaker)
                self.last[position // HOP] = speaker

    def final(self, start, end):
        """The set of labels between two times in seconds."""
        return {self.last[index] for index in range(int(start * 4), int(end * 4))}


@pytest.fixture(scope="module")
def loaded():
    return load("kmeans_assigner")


def assign(loaded, *turns, num_speakers=2, **how):
    return Labels(run(open_stage(loaded, num_speakers=num_speakers), speech(*turns, **how)))


def test_ids_are_given_in_order_of_first_appearance(loaded):
    labels = assign(loaded, (2, 5), (0, 5), (1, 5), (2, 5), num_speakers=3)

    assert labels.final(0, 5) == {0}
    assert labels.final(5, 10) == {1}
    assert labels.final(10, 15) == {2}
    assert labels.final(15, 20) == {0}


@pytest.mark.parametrize("num_speakers", [1, 2, 5])
def test_one_speaker_alone_is_one_speaker(loaded, num_speakers):
    assert set(assign(loaded, (0, 60), num_speakers=num_speakers).last.values()) == {0}


def test_with_one_speaker_tracked_all_else_is_nobodys(loaded):
    labels = assign(loaded, (0, 20), (1, 20), (0, 10), num_speakers=1)

    assert labels.final(0, 20) == {0}
    assert labels.final(20, 40) == {None}


def test_a_voice_beyond_those_tracked_is_nobodys_and_takes_no_slot(loaded):
    labels = assign(loaded, (0, 10), (1, 10), (2, 10), (0, 5), (1, 5), (2, 5))

    assert labels.final(0, 10) == {0}
    assert labels.final(10, 20) == {1}
    assert labels.final(20, 30) == {None}
    assert labels.final(30, 35) == {0}
    assert labels.final(40, 45) == {None}


def test_everything_heard_is_labelled_in_the_end(loaded):
    labels = assign(loaded, (0, 7), (1, 3), (0, 2.25))

    assert sorted(labels.last) == list(range(49))


def test_labels_once_settled_never_swap(loaded):
    pipeline = open_stage(loaded, num_speakers=3)
    turns = [(number % 3, 3 + number % 4) for number in range(40)]
    labels = Labels(run(pipeline, speech(*turns, spread=0.12)))
    position = 0.0
    for voice, seconds in turns:
        assert labels.final(position, position + seconds) == {voice}
        position += seconds
    after_changes = {change + later for change in np.cumsum([4 * seconds for _, seconds in turns]) for later in (0, 1)}
    corrected = {index for index in labels.first if index > 4 * 30 and labels.first[index] != labels.last[index]}
    assert corrected <= after_changes


def ambiguous(number, count=1):
    """Windows that sound like two voices alike."""
    vector = DIRECTIONS[:2].sum(axis=0) / np.sqrt(2)
    spans = [((at - 1) * HOP, (at + 2) * HOP) for at in range(number, number + count)]
    return [VoiceEmbedding(start + HOP, end - HOP, start, end, vector.astype(np.float32), MODEL) for start, end in spans]


@pytest.mark.parametrize("lag", [0, 2, 4])
def test_a_label_of_low_confidence_waits_and_for_no_more_than_the_lag(lag):
    pipeline = open_stage(load("kmeans_assigner", lag_windows=lag, confidence_threshold=1))
    settled = speech((0, 5), (1, 5))
    labels = Labels(run(pipeline, settled, flush=False))
    behind = []
    for number, event in enumerate(ambiguous(40, 12), start=1):
        labels.first.update(Labels(pipeline.feed(event)).first)
        behind.append(40 + number - len(labels.first))

    assert max(behind) == lag


def test_a_label_of_high_confidence_does_not_wait(loaded):
    pipeline = open_stage(loaded)
    for number, event in enumerate(speech((0, 10)), start=1):
        said = of_type(SpeakersAssigned, pipeline.feed(event))
        assert [one.end for one in said] == [number * HOP]


def test_the_end_of_speech_is_labelled_when_it_ends():
    pipeline = open_stage(load("kmeans_assigner", confidence_threshold=1))
    run(pipeline, [*speech((0, 5), (1, 5)), *ambiguous(40)], flush=False)

    (last,) = of_type(SpeakersAssigned, pipeline.feed(SpeechEnded(41 * HOP)))
    assert last.end == 41 * HOP


def test_who_speaks_now_is_said_with_each_window_and_nobody_at_the_end_of_speech(loaded):
    pipeline = open_stage(loaded)
    now = [of_type(SpeakerNow, pipeline.feed(event))[-1].speakers for event in speech((0, 10), (1, 10), (0, 5))]
    ended = run(pipeline, [SpeechEnded(100 * HOP)], flush=False)

    assert now[20:40] == [(0,)] * 20
    assert now[60:80] == [(1,)] * 20
    assert ended[-2:] == [SpeakerNow(100 * HOP, ()), SpeechEnded(100 * HOP)]


def test_a_session_of_hours_stays_bounded_and_right():
    pipeline = open_stage(load("kmeans_assigner", max_recent_windows=60, max_groups=20), num_speakers=2)
    turns = [(number % 2, 5) for number in range(240)]
    labels = Labels(run(pipeline, speech(*turns), flush=False))
    assigner = pipeline._stages[0].stage

    assert len(assigner._evidence.recent) <= 61
    assert len(assigner._evidence.groups) <= 20
    assert np.mean([speaker == index // 20 % 2 for index, speaker in labels.last.items()]) > 0.98


def test_a_restored_assigner_knows_the_speakers(loaded):
    first, second = open_stage(loaded), open_stage(loaded)
    run(first, speech((0, 10), (1, 10)), flush=False)
    second.restore(first.snapshot())
    labels = Labels(run(second, speech((1, 5), (0, 5), start=80 * HOP)))

    assert labels.final(20, 25) == {1}
    assert labels.final(25, 30) == {0}


def test_embeddings_of_another_model_are_not_mixed_in(loaded):
    other = replace(speech((0, 1))[0], model=replace(MODEL, name="other"))

    with pytest.raises(StageFailure) as caught:
        run(open_stage(loaded), [*speech((0, 1)), other])
    assert isinstance(caught.value.__cause__, StateMismatch)


def test_a_second_flush_says_nothing(loaded):
    pipeline = open_stage(loaded)
    run(pipeline, speech((0, 5), (1, 5)))

    assert pipeline.flush() == []


def test_no_speech_gives_nothing(loaded):
    assert run(open_stage(loaded), []) == []
