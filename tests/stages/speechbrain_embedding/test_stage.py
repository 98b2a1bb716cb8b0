import numpy as np
import pytest

from speaker_tracker.engine.pipeline import OpenStage, Pipeline
from speaker_tracker.events import SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding
from speaker_tracker.stage import SessionInfo, StageLoadError, StateMismatch
from speaker_tracker.stagekit.speech_windows import Window
from speaker_tracker.stagekit.voice_encoder import FeatureMean, VoiceQuery
from support.stage_harness import load, of_type, open_stage, run

RATE = 16_000


def segment(samples, start=0, chunk=512):
    audio = [SpeechAudio(start + offset, samples[offset : offset + chunk]) for offset in range(0, len(samples), chunk)]
    return [SpeechStarted(start), *audio, SpeechEnded(start + len(samples))]


def turns(conversation, speaker):
    """Where only ``speaker`` speaks, as (start, end), longest first."""
    alone = conversation.speakers[speaker] & (conversation.speakers.sum(axis=0) == 1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], alone.astype(int), [0]])))
    return sorted(zip(edges[::2], edges[1::2], strict=True), key=lambda turn: turn[0] - turn[1])


def test_vectors_have_unit_length_and_the_dimension_of_the_model(embedding, dialogue):
    found = of_type(VoiceEmbedding, run(open_stage(embedding), segment(dialogue.samples[RATE : 4 * RATE])))

    assert len(found) == 12
    for event in found:
        assert event.vector.shape == (event.model.dimension,)
        assert event.vector.dtype == np.float32
        assert np.isclose(np.linalg.norm(event.vector), 1, atol=1e-5)


def test_the_same_voice_sounds_more_alike_than_two(embedding, conversation):
    means = []
    pipeline = open_stage(embedding)
    for speaker in range(len(conversation.speakers)):
        for start, end in turns(conversation, speaker)[:2]:
            found = of_type(VoiceEmbedding, run(pipeline, segment(conversation.samples[start:end]), flush=False))
            mean = np.mean([event.vector for event in found], axis=0)
            means.append((speaker, mean / np.linalg.norm(mean)))
    same = [a @ b for i, (x, a) in enumerate(means) for y, b in means[:i] if x == y]
    other = [a @ b for i, (x, a) in enumerate(means) for y, b in means[:i] if x != y]

    assert min(same) > max(other)


def test_the_end_of_a_segment_comes_behind_its_last_embedding(embedding, dialogue):
    events = run(open_stage(embedding), segment(dialogue.samples[RATE : 3 * RATE]))

    assert isinstance(events[0], SpeechStarted)
    assert isinstance(events[-1], SpeechEnded)
    assert of_type(VoiceEmbedding, events)[-1].end == 2 * RATE
    assert of_type(SpeechAudio, events)[-1].end == 2 * RATE


def test_windows_reach_back_only_into_a_segment_that_ended_where_theirs_begins(embedding, dialogue):
    def first_window_of_the_second(gap):
        first = segment(dialogue.samples[RATE : 3 * RATE])
        second = segment(dialogue.samples[3 * RATE + gap : 4 * RATE], start=2 * RATE + gap)
        found = of_type(VoiceEmbedding, run(open_stage(embedding), [*first, *second]))
        return next(event for event in found if event.start >= 2 * RATE + gap)

    assert first_window_of_the_second(gap=0).heard_start < 2 * RATE
    assert first_window_of_the_second(gap=10).heard_start == 2 * RATE + 10


@pytest.mark.parametrize("samples", [300, 3_000])
def test_a_very_short_segment_is_embedded_too(embedding, dialogue, samples):
    (found,) = of_type(VoiceEmbedding, run(open_stage(embedding), segment(dialogue.samples[2 * RATE : 2 * RATE + samples])))

    assert (found.start, found.end) == (0, samples)
    assert np.isfinite(found.vector).all()


@pytest.mark.parametrize("chunk", [160, 1_600, RATE])
def test_how_audio_is_cut_makes_no_difference(embedding, dialogue, chunk):
    def vectors(size):
        events = run(open_stage(embedding), segment(dialogue.samples[RATE : 5 * RATE], chunk=size))
        return np.stack([event.vector for event in of_type(VoiceEmbedding, events)])

    assert np.allclose(vectors(chunk), vectors(512), atol=1e-4)


def test_windows_of_many_sessions_in_one_call_give_what_each_gives_alone(embedding, dialogue):
    def query(start, lengths, mean):
        cuts = [(start + 4_000 * number, length) for number, length in enumerate(lengths)]
        return VoiceQuery([Window(a, a + 4_000, a, a + n, min(n, 4_000), dialogue.samples[a : a + n]) for a, n in cuts], mean)

    queries = [
        query(RATE, [24_000, 24_000], FeatureMean()),
        query(5 * RATE, [24_000, 12_000], None),
        query(9 * RATE, [24_000], FeatureMean()),
    ]
    for asked, together in zip(queries, embedding.infer(queries), strict=True):
        (alone,) = embedding.infer([asked])
        assert np.allclose(np.stack(together.vectors), np.stack(alone.vectors), atol=1e-4)


def test_one_model_call_serves_all_windows_of_a_frame(embedding, dialogue):
    calls = []

    def infer(queries):
        calls.append([len(query.windows) for query in queries])
        return embedding.infer(queries)

    pipeline = Pipeline([OpenStage("embedding", embedding.open(SessionInfo("test", 2)), infer)])
    run(pipeline, segment(dialogue.samples[RATE : 4 * RATE], chunk=3 * RATE))

    assert calls == [[9], [3]]


def test_a_restored_stage_goes_on_with_the_sessions_mean(embedding, dialogue):
    first, second, fresh = (open_stage(embedding) for _ in range(3))
    run(first, segment(dialogue.samples[RATE : 8 * RATE]), flush=False)
    second.restore(first.snapshot())
    later = segment(dialogue.samples[10 * RATE : 13 * RATE], start=10 * RATE)
    expected, restored, other = (
        np.stack([event.vector for event in of_type(VoiceEmbedding, run(pipeline, later))]) for pipeline in (first, second, fresh)
    )

    assert np.allclose(restored, expected, atol=1e-4)
    assert not np.allclose(other, expected, atol=1e-2)


def test_a_state_of_another_model_is_refused(embedding):
    pipeline = open_stage(embedding)

    with pytest.raises(StateMismatch, match=r"embedded by other, and this is ecapa-mini"):
        pipeline.restore({"stage": {**pipeline.snapshot()["stage"], "model": "other"}})


def test_normalization_by_window_needs_no_memory(dialogue):
    loaded = load("speechbrain_embedding", source="embedded", normalization="window")
    first = open_stage(loaded)
    run(first, segment(dialogue.samples[RATE : 8 * RATE]), flush=False)
    later = segment(dialogue.samples[10 * RATE : 12 * RATE])

    one, other = (of_type(VoiceEmbedding, run(pipeline, later)) for pipeline in (first, open_stage(loaded)))
    assert np.allclose(np.stack([e.vector for e in one]), np.stack([e.vector for e in other]), atol=1e-5)


def test_a_wrong_folder_is_named(tmp_path):
    with pytest.raises(StageLoadError, match=str(tmp_path)):
        load("speechbrain_embedding", source=str(tmp_path))


def test_the_choice_of_auto_is_told_with_what_could_be_had(tmp_path):
    assert load("speechbrain_embedding", source="embedded").info.keys() == {"model", "source", "precision"}
    assert "models fetch" in load("speechbrain_embedding", source="auto", model_cache=tmp_path).info["hint"]
