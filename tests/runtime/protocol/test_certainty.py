import random

import pytest

from speaker_tracker.protocol.certainty import CertaintyTrack
from speaker_tracker.protocol.segments import TimelineSegment


def segment(start, end, speaker, confidence=None):
    return TimelineSegment(start, end, speaker, confidence)


def mean(track, start, end, speaker):
    (found,) = track.with_confidence([segment(start, end, speaker)])
    return found.confidence


def test_a_mean_is_weighted_by_duration():
    track = CertaintyTrack()
    track.rewrite(0, 1000, [segment(0, 300, 0, 0.5), segment(300, 400, 0, 0.9), segment(400, 1000, 1, 0.7)])

    assert mean(track, 0, 400, 0) == pytest.approx(0.6)
    assert mean(track, 0, 1000, 1) == 0.7
    assert mean(track, 500, 1000, 0) is None
    assert mean(track, 0, 400, None) is None


def test_what_is_corrected_is_replaced_and_the_rest_stays():
    track = CertaintyTrack()
    track.rewrite(0, 1000, [segment(0, 1000, 0, 0.8)])
    track.rewrite(400, 600, [segment(300, 700, 1, 0.6)])

    assert mean(track, 0, 400, 0) == mean(track, 600, 1000, 0) == 0.8
    assert mean(track, 400, 600, 0) is None
    assert mean(track, 0, 1000, 1) == 0.6
    assert mean(track, 300, 400, 1) is None


def test_it_grows_with_turns_and_not_with_labels():
    track = CertaintyTrack()
    for start in range(0, 3_600_000, 250):
        track.rewrite(start, start + 250, [segment(start, start + 250, 0, 0.5 + start / 7_200_000)])

    assert len(track.snapshot()["0"]) == 1
    assert mean(track, 0, 3_600_000, 0) == pytest.approx(0.75, abs=0.001)


def test_another_track_goes_on_from_a_snapshot():
    track, other = CertaintyTrack(), CertaintyTrack()
    track.rewrite(0, 1000, [segment(0, 500, 0, 0.8), segment(500, 1000, 1, 0.6)])
    other.restore(track.snapshot())

    assert other.snapshot() == track.snapshot()
    assert mean(other, 400, 1000, 0) == 0.8


def test_it_covers_what_a_list_of_milliseconds_covers():
    chance, track, speakers = random.Random(0), CertaintyTrack(), [[None] * 100 for _ in range(2)]
    for _ in range(500):
        start, end = sorted(chance.sample(range(101), 2))
        written = []
        for speaker, line in enumerate(speakers):
            line[start:end] = [None] * (end - start)
            if chance.random() < 0.5:
                first, last = sorted(chance.sample(range(101), 2))
                written.append(segment(first, last, speaker, 0.5))
                for ms in range(max(first, start), min(last, end)):
                    line[ms] = 0.5
        track.rewrite(start, end, written)
        for speaker, line in enumerate(speakers):
            assert [mean(track, ms, ms + 1, speaker) for ms in range(100)] == line
