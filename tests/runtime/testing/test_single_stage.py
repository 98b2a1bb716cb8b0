import numpy as np
import pytest
from pydantic import ValidationError

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.events import AudioBlock, AudioClock, SpeechEnded, SpeechStarted, VoiceEmbedding
from speaker_tracker.testing import audio_blocks, of_type, pcm_frames, recut, run_stage, sample_events, shifted
from speaker_tracker.testing.sample_events import SAMPLED, TURNS

SAMPLES = np.linspace(-1, 1, 5000, dtype=np.float32)


def test_a_specification_is_loaded_with_its_options_and_run():
    spec = PluginManager().stages["energy_vad"].spec
    events = run_stage(spec, sample_events({AudioBlock}), threshold_db=12)

    starts = [event.start / 16_000 for event in of_type(SpeechStarted, events)]
    assert starts == pytest.approx([start for start, _, _ in TURNS], abs=0.1)
    with pytest.raises(ValidationError):
        run_stage(spec, [], colour="red")


def test_recutting_changes_pieces_and_not_the_audio():
    events = [*audio_blocks(SAMPLES, 700), AudioClock(5000), *audio_blocks(SAMPLES, 512, start=5000)]
    pieces = recut(events, 900)

    assert [len(piece.samples) for piece in of_type(AudioBlock, pieces)] == [900] * 5 + [500] + [900] * 5 + [500]
    assert np.array_equal(np.concatenate([piece.samples for piece in of_type(AudioBlock, pieces)]), np.tile(SAMPLES, 2))
    assert pieces[6] == AudioClock(5000)
    assert [len(frame.data) for frame in recut(pcm_frames(SAMPLES, 10), None)] == [10_000]


@pytest.mark.parametrize("kind", SAMPLED)
def test_there_are_samples_of_every_event_in_the_order_of_time(kind):
    events = sample_events({kind})

    assert events
    assert all(type(event) is kind for event in events)
    positions = [event.start for event in events if hasattr(event, "start")]
    assert positions == sorted(positions)


def test_events_can_be_moved_in_time_at_any_depth():
    for event in sample_events(SAMPLED):
        assert type(shifted(event, 16_000)) is type(event)
    embedding = of_type(VoiceEmbedding, sample_events({VoiceEmbedding}))[0]
    later = shifted(embedding, 16_000)
    assert (later.start, later.heard_end) == (embedding.start + 16_000, embedding.heard_end + 16_000)
    assert shifted(SpeechEnded(5), 32) == SpeechEnded(37)
