import numpy as np
import pytest

from speaker_tracker.evaluation.bounds import hindsight_timeline, oracle_timeline, similarities
from speaker_tracker.events import TimelineSegment, VoiceEmbedding, VoiceModel
from speaker_tracker.results.rttm import Turn

MODEL = VoiceModel("test", 3, same_voice_cosine=0.4, calibrated_seconds=1.5)
VOICES = np.eye(3, dtype=np.float32)


def embeddings(*voices):
    """Stretches of half a second each, one after the other."""
    return [VoiceEmbedding(at * 8000, at * 8000 + 8000, 0, 24000, VOICES[who], MODEL) for at, who in enumerate(voices)]


def test_the_oracle_gives_each_interval_to_its_main_reference_voice_and_silence_to_nobody():
    reference = [Turn("talk", 0.0, 0.7, "bert"), Turn("talk", 0.7, 1.0, "anna")]

    assert oracle_timeline(embeddings(0, 0, 0), reference) == [TimelineSegment(0, 500, 1), TimelineSegment(500, 1000, 0)]
    assert oracle_timeline(embeddings(0), []) == []
    assert oracle_timeline([], reference) == []


def test_turns_of_one_voice_add_up():
    reference = [Turn("talk", 0.0, 0.15, "anna"), Turn("talk", 0.3, 0.45, "anna"), Turn("talk", 0.1, 0.35, "bert")]

    assert [segment.speaker for segment in oracle_timeline(embeddings(0), reference)] == [0]


def test_hindsight_puts_alike_together():
    timeline = hindsight_timeline(embeddings(0, 1, 1, 0), 2)
    speakers = [segment.speaker for segment in timeline]

    assert [(segment.start_ms, segment.end_ms) for segment in timeline] == [(0, 500), (500, 1000), (1000, 1500), (1500, 2000)]
    assert speakers[0] == speakers[3] != speakers[1] == speakers[2]


def test_hindsight_needs_no_more_voices_than_there_are_embeddings():
    assert len(hindsight_timeline(embeddings(0, 0), 5)) == 2
    assert hindsight_timeline([], 2) == []


def test_similarities_are_to_the_centroids_of_the_timeline():
    timeline = [TimelineSegment(0, 1000, 0), TimelineSegment(1000, 2000, 1), TimelineSegment(1500, 2000, 0)]
    times, cosines = similarities(embeddings(0, 0, 1, 2), timeline)

    assert times.tolist() == [0.25, 0.75, 1.25, 1.75]
    assert cosines[0].tolist() == pytest.approx([1, 1, 0, 0])
    assert cosines[1].tolist() == pytest.approx([0, 0, 1, 0])  # the last stretch is both speakers', so it is in neither centroid


def test_without_a_timeline_there_are_no_similarities():
    assert similarities(embeddings(0), [])[1] == {}
    assert similarities([], [TimelineSegment(0, 1000, 0)])[1] == {}
