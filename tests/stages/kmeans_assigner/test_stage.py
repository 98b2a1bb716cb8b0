from dataclasses import replace

import numpy as np
import pytest

from speaker_tracker.engine.pipeline import StageFailure
from speaker_tracker.events import (
    SpeakerNow,
    SpeakersAssigned,
    SpeakersNamed,
    SpeechEnded,
    VoiceCalibration,
    VoiceEmbedding,
    VoiceModel,
    VoiceprintsMade,
)
from speaker_tracker.protocol import KnownVoice, Voiceprint
from speaker_tracker.stage import SessionInfo, StateMismatch
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


def printed(name, voice, seconds=30.0):
    """The print of a voice of ``speech`` from another session, where it lies a little elsewhere."""
    elsewhere = DIRECTIONS[voice] + 0.1 * DIRECTIONS[60 - voice]
    return KnownVoice(name=name, voiceprint=Voiceprint.of("test", 1, (0.8 * elsewhere).tolist(), seconds))


def with_voices(loaded, *known, num_speakers=2, voiceprints=False):
    session = SessionInfo("test", num_speakers, True, known_voices=known, voiceprints=voiceprints)
    return open_stage(loaded, session=session)


def names_in(events):
    return [dict(event.names) for event in of_type(SpeakersNamed, events)]


def test_known_voices_are_named_and_numbered_as_they_are_heard(loaded):
    events = run(with_voices(loaded, printed("Anna", 0), printed("Ben", 1), printed("Cleo", 2)), speech((2, 4), (0, 4), (2, 4)))
    labels = Labels(events)

    assert names_in(events)[-1] == {0: "Cleo", 1: "Anna"}
    assert labels.final(0, 4) == labels.final(8, 12) == {0}
    assert labels.final(4, 8) == {1}


def test_who_is_unknown_is_tracked_as_ever(loaded):
    events = run(with_voices(loaded, printed("Anna", 0)), speech((3, 5), (0, 5), (3, 5)))

    assert names_in(events)[-1] == {1: "Anna"}
    assert Labels(events).final(0, 5) == {0}


def test_a_known_voice_beyond_those_tracked_stays_nobody_s(loaded):
    turns = speech((3, 8), (4, 8), (0, 8), (3, 4))
    events = run(with_voices(loaded, printed("Anna", 0)), turns)

    assert Labels(events).final(17, 24) == {None}
    assert all("Anna" not in names.values() for names in names_in(events)[-1:])


def test_a_known_voice_is_named_within_three_seconds(loaded):
    pipeline = with_voices(loaded, printed("Anna", 0), printed("Ben", 1))

    assert names_in(run(pipeline, speech((1, 3)), flush=False)) == [{0: "Ben"}]


def test_known_voices_are_told_apart_from_their_first_words_on(loaded):
    """Short turns of two voices that are alike: known, fewer labels are wrong at first."""
    turns = [(number % 2, 1.0) for number in range(24)]
    alike = DIRECTIONS.copy()
    try:
        DIRECTIONS[1] = 0.6 * DIRECTIONS[0] + np.sqrt(1 - 0.6**2) * DIRECTIONS[1]
        events = speech(*turns, spread=0.1)
        known = (printed("Anna", 0), printed("Ben", 1))
        plain, helped = (Labels(run(with_voices(loaded, *voices), events)) for voices in ((), known))
    finally:
        DIRECTIONS[:] = alike
    truth = dict(enumerate(voice for voice, _ in turns for _ in range(4)))

    def wrong(labels):
        return sum(labels.first[index] != voice for index, voice in truth.items())

    assert wrong(helped) < 0.7 * wrong(plain)


def test_voiceprints_of_one_session_name_the_speakers_of_the_next(loaded):
    told = of_type(VoiceprintsMade, run(with_voices(loaded, voiceprints=True), speech((0, 9), (1, 9), (2, 3))))
    prints = {speaker: voiceprint for event in told for speaker, voiceprint in event.voiceprints.items()}
    assert set(prints) == {0, 1}
    assert prints[0].seconds == pytest.approx(9, abs=1.5)
    known = [KnownVoice(name=f"speaker {speaker}", voiceprint=each) for speaker, each in prints.items()]

    events = run(with_voices(loaded, *known), speech((1, 5), (0, 5), seed=3))
    assert names_in(events)[-1] == {0: "speaker 1", 1: "speaker 0"}


def test_a_restored_session_still_knows_its_voices(loaded):
    known = (printed("Anna", 0), printed("Ben", 1))
    before = loaded.open(SessionInfo("test", 2, True, known_voices=known))
    for event in speech((0, 6)):
        list(before.feed(event))
    after = loaded.open(SessionInfo("test", 2, True, known_voices=known))
    after.restore(before.snapshot())
    told = [answer for event in speech((1, 6), start=24 * HOP) for answer in after.feed(event)]

    assert names_in(told)[-1] == {0: "Anna", 1: "Ben"}
