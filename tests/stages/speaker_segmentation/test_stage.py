import numpy as np
import pytest

from speaker_tracker.events import (
    AudioBlock,
    AudioGap,
    OverlappedSpeech,
    SpeakerChange,
    SpeechAudio,
    SpeechEnded,
    SpeechPause,
    SpeechStarted,
)
from speaker_tracker.testing import check_stage
from speaker_tracker_stages.speaker_segmentation import speaker_tracker_stages
from speaker_tracker_stages.speaker_segmentation.model import CHUNK
from support.stage_harness import blocks, load, of_type, open_stage, run

SECOND = 16_000


@pytest.fixture(scope="module", params=["torch", "onnx"])
def loaded(request):
    return load("speaker_segmentation", backend=request.param)


@pytest.fixture(scope="module")
def segmentation():
    return load("speaker_segmentation", backend="onnx")


@pytest.fixture(scope="module")
def two_at_once(conversation):
    """One voice for four seconds, then two over each other for three, then the second one alone."""
    one, other = (conversation.samples[conversation.speakers[speaker]] for speaker in (0, 1))
    samples = np.zeros(11 * SECOND, np.float32)
    samples[: 7 * SECOND] = one[: 7 * SECOND]
    samples[4 * SECOND : 11 * SECOND] += other[: 7 * SECOND]
    return np.clip(samples, -1, 1)


def spoken(events, length):
    """Where segments have speech, without pauses: bool, shape ``(length,)``."""
    speech = np.zeros(length, bool)
    for event in of_type(SpeechAudio, events):
        speech[event.start : event.end] = True
    for event in of_type(SpeechPause, events):
        speech[event.start : event.end] = False
    return speech


def detected(events, samples, size=512):
    """Audio with the events of a detector before it."""
    mixed = []
    for block in blocks(samples, size):
        mixed += [event for event in events if block.start <= _reach(event) < block.end]
        mixed.append(block)
    return mixed


def _reach(event):
    return event.start if isinstance(event, SpeechStarted) else event.end - 1


def test_speech_is_found_without_a_detector(loaded, dialogue):
    events = run(open_stage(loaded), blocks(dialogue.samples))
    found = spoken(events, len(dialogue.samples))

    assert found[dialogue.speech].mean() > 0.9
    assert found[~dialogue.speech].sum() < 0.1 * dialogue.speech.sum()


def test_both_backends_find_the_same(dialogue):
    torch, onnx = (
        spoken(run(open_stage(load("speaker_segmentation", backend=name)), blocks(dialogue.samples)), len(dialogue.samples))
        for name in ("torch", "onnx")
    )
    assert (torch != onnx).mean() < 0.001


@pytest.mark.parametrize("size", [160, 512, 7000, 160_000])
def test_how_audio_is_cut_makes_no_difference(segmentation, dialogue, size):
    one, other = (run(open_stage(segmentation), blocks(dialogue.samples, each)) for each in (512, size))
    for kind in (SpeechStarted, SpeechEnded, SpeechPause):
        assert of_type(kind, one) == of_type(kind, other)
    assert [event.position for event in of_type(SpeakerChange, one)] == [event.position for event in of_type(SpeakerChange, other)]


def test_audio_of_a_segment_is_contiguous_and_unchanged(segmentation, dialogue):
    position = None
    for event in run(open_stage(segmentation), blocks(dialogue.samples)):
        match event:
            case SpeechStarted():
                assert position is None
                position = event.start
            case SpeechAudio():
                assert event.start == position
                assert np.array_equal(event.samples, dialogue.samples[event.start : event.end])
                position = event.end
            case SpeechEnded():
                assert event.end == position
                position = None


def test_two_at_once_are_heard(segmentation, two_at_once):
    overlapped = np.zeros(len(two_at_once), bool)
    for event in of_type(OverlappedSpeech, run(open_stage(segmentation), blocks(two_at_once))):
        overlapped[event.start : event.end] = True

    assert overlapped[int(4.3 * SECOND) : int(6.7 * SECOND)].mean() > 0.5
    assert overlapped[: int(3.7 * SECOND)].mean() < 0.1


def test_noise_that_a_detector_took_for_speech_is_none(segmentation):
    noise = np.random.default_rng(1).normal(0, 0.02, 6 * SECOND).astype(np.float32)
    claimed = [SpeechStarted(SECOND), SpeechAudio(SECOND, noise[SECOND : 4 * SECOND]), SpeechEnded(4 * SECOND)]

    events = run(open_stage(segmentation), detected(claimed, noise))

    assert spoken(events, len(noise)).sum() < 0.2 * SECOND


def test_digital_silence_costs_nothing(segmentation):
    queries = []

    def infer(inputs):
        queries.extend(inputs)
        return segmentation.infer(inputs)

    session = open_stage(type(segmentation)(segmentation.open, infer))
    run(session, blocks(np.zeros(5 * SECOND, np.float32), 1600), flush=False)

    assert sum(int(query.audible.sum()) for query in queries) == SECOND // CHUNK


def test_nothing_reaches_across_a_gap(segmentation, dialogue):
    at = 6 * SECOND
    assert dialogue.speech[at - 1600 : at + 1600].all(), "in the middle of speech"
    before, after = dialogue.samples[:at], dialogue.samples[at : 12 * SECOND]
    gap = AudioGap(at, at + 10 * SECOND)

    events = run(open_stage(segmentation), [*blocks(before), gap, *blocks(after, start=gap.end)])

    place = events.index(gap)
    assert of_type(SpeechEnded, events[:place])[-1].end <= at
    assert of_type(SpeechStarted, events[place:])[0].start >= gap.end
    speech = spoken(events, gap.end + len(after))
    assert not speech[gap.start : gap.end].any()
    assert speech[at - 3200 : at].mean() > 0.9, "the last words before the gap are heard"


def test_what_is_under_way_ends_where_a_restored_stage_goes_on(segmentation, dialogue):
    first, second = open_stage(segmentation), open_stage(segmentation)
    begun = run(first, blocks(dialogue.samples[: 6 * SECOND]), flush=False)
    assert len(of_type(SpeechStarted, begun)) > len(of_type(SpeechEnded, begun)), "a segment is under way"
    second.restore(first.snapshot())

    events = run(second, blocks(dialogue.samples[6 * SECOND : 12 * SECOND], start=6 * SECOND))

    assert events[0] == SpeechEnded(of_type(SpeechAudio, begun)[-1].end)
    assert of_type(SpeechStarted, events)


def test_an_end_without_audio_answers_nothing(segmentation):
    assert run(open_stage(segmentation), []) == []


def test_the_contract_is_kept():
    (spec,) = speaker_tracker_stages()
    check_stage(spec, options={"backend": "onnx"})


def test_a_stage_without_onnx_runtime_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(Exception, match=r"speaker-tracker\[onnx\]"):
        load("speaker_segmentation", backend="onnx")


def test_audio_is_passed_on(segmentation):
    (block,) = blocks(np.zeros(512, np.float32))

    assert [event for event in run(open_stage(segmentation), [block], flush=False) if isinstance(event, AudioBlock)] == [block]
