import numpy as np
import pytest
from pydantic import ValidationError

from speaker_tracker.engine.pipeline import OpenStage, Pipeline
from speaker_tracker.events import SpeechAudio, SpeechEnded, SpeechStarted
from speaker_tracker.stage import SessionInfo
from speaker_tracker_stages.silero_vad.stage import SileroVadOptions
from support.known_conversation import read_conversation
from support.shared_data import CONVERSATIONS, conversations, needs_shared_data
from support.stage_harness import blocks, of_type, open_stage, run


@pytest.fixture(params=["torch", "onnx"])
def loaded(request, silero_vads):
    return silero_vads[request.param]


def segments(events):
    starts = [event.start for event in of_type(SpeechStarted, events)]
    return list(zip(starts, [event.end for event in of_type(SpeechEnded, events)], strict=True))


def covered(found, samples):
    mask = np.zeros(len(samples), bool)
    for start, end in found:
        mask[start:end] = True
    return mask


def test_speech_is_found_where_the_reference_has_it(loaded, dialogue):
    found = covered(segments(run(open_stage(loaded), blocks(dialogue.samples))), dialogue.samples)

    assert found[dialogue.speech].mean() > 0.9
    assert found[~dialogue.speech].sum() < 0.1 * dialogue.speech.sum()


def test_speech_20_db_quieter_is_found_as_well(loaded, dialogue):
    loud = segments(run(open_stage(loaded), blocks(dialogue.samples)))
    quiet = segments(run(open_stage(loaded), blocks(dialogue.samples / np.float32(10))))

    assert np.isclose(sum(end - start for start, end in quiet), sum(end - start for start, end in loud), rtol=0.05)


def test_audio_of_a_segment_is_contiguous_from_its_start_to_its_end(loaded, dialogue):
    events = run(open_stage(loaded), blocks(dialogue.samples))
    position = None
    for event in events:
        match event:
            case SpeechStarted():
                position = event.start
            case SpeechAudio():
                assert event.start == position
                assert np.array_equal(event.samples, dialogue.samples[event.start : event.end])
                position = event.end
            case SpeechEnded():
                assert event.end == position


@pytest.mark.parametrize("size", [160, 512, 7000])
def test_the_length_of_blocks_makes_no_difference(loaded, dialogue, size):
    samples = dialogue.samples[: 10 * 16_000 + 77]

    assert segments(run(open_stage(loaded), blocks(samples, size))) == segments(run(open_stage(loaded), blocks(samples)))


def test_silence_and_noise_are_no_speech(loaded):
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * 16_000).astype(np.float32)

    assert segments(run(open_stage(loaded), blocks(np.zeros(5 * 16_000, np.float32)))) == []
    assert segments(run(open_stage(loaded), blocks(noise))) == []


def test_sessions_side_by_side_do_not_disturb_each_other(loaded, dialogue):
    first, second = open_stage(loaded), open_stage(loaded)
    one, other = dialogue.samples[: 8 * 16_000], dialogue.samples[8 * 16_000 : 16 * 16_000]
    found_first, found_second = [], []
    for block, other_block in zip(blocks(one), blocks(other), strict=True):
        found_first += first.feed(block)
        found_second += second.feed(other_block)

    assert segments(found_first + first.flush()) == segments(run(open_stage(loaded), blocks(one)))
    assert segments(found_second + second.flush()) == segments(run(open_stage(loaded), blocks(other)))


def test_a_restored_detector_ends_the_segment_under_way_and_finds_the_next(loaded, dialogue):
    start, end = next((a, b) for a, b in segments(run(open_stage(loaded), blocks(dialogue.samples))) if b - a > 20_000)
    cut = (start + end) // 2 // 512 * 512
    first, second = open_stage(loaded), open_stage(loaded)
    before = run(first, blocks(dialogue.samples[:cut]), flush=False)
    second.restore(first.snapshot())
    after = run(second, blocks(dialogue.samples[cut:], start=cut))

    assert isinstance(after[0], SpeechEnded)
    assert after[0].end <= cut
    assert of_type(SpeechAudio, before)[-1].end == after[0].end
    assert of_type(SpeechStarted, after)[0].start >= cut


def test_a_deactivation_threshold_above_the_threshold_is_refused():
    with pytest.raises(ValidationError, match=r"deactivation_threshold.*must not be above threshold"):
        SileroVadOptions(threshold=0.3, deactivation_threshold=0.5)


def test_the_name_of_version_0_1_still_works():
    assert SileroVadOptions.model_validate({"release": 0.1}).deactivation_threshold == 0.1


def test_a_muted_microphone_does_not_occupy_the_model(loaded, dialogue):
    queries = []

    def remember(inputs):
        queries.extend(inputs)
        return loaded.infer(inputs)

    pipeline = Pipeline([OpenStage("vad", loaded.open(SessionInfo("test", 2)), remember)])
    spoken, muted = dialogue.samples[: 10 * 16_000], np.zeros(20 * 16_000, np.float32)
    events = run(pipeline, blocks(np.concatenate([spoken, muted, spoken])))

    audible = np.concatenate([query.audible for query in queries])
    assert abs((~audible).sum() - 19 * 16_000 / 512) <= 2
    again = [(start - 30 * 16_000, end - 30 * 16_000) for start, end in segments(events) if start >= 29 * 16_000]
    alone = segments(run(open_stage(loaded), blocks(spoken)))
    assert (covered(again, spoken) == covered(alone, spoken)).mean() > 0.95


@pytest.mark.slow
@needs_shared_data
@pytest.mark.parametrize("gain_db", [0, -20])
def test_recorded_conversations_are_heard_at_their_level_and_20_db_lower(loaded, gain_db):
    spoken = hit = false = 0
    for entry in conversations("clean"):
        recording = read_conversation(CONVERSATIONS / entry["audio"], CONVERSATIONS / entry["rttm"])
        samples = recording.samples * np.float32(10 ** (gain_db / 20))
        found = covered(segments(run(open_stage(loaded), blocks(samples))), samples)
        spoken += recording.speech.sum()
        hit += (found & recording.speech).sum()
        false += (found & ~recording.speech).sum()

    assert hit >= 0.9 * spoken
    assert false <= 0.1 * spoken
