from itertools import pairwise

import numpy as np

from speaker_tracker.audio.pcm import decode_pcm
from speaker_tracker.server.adapters.track_mixer import TrackMixer

SECOND = np.full(16_000, 0.25, np.float32)


def levels(out):
    """Gaps in ms, and levels with their seconds."""
    told = []
    for each in out:
        if isinstance(each, int):
            told.append(f"gap {each}")
            continue
        samples = decode_pcm(each)
        edges = [0, *(np.flatnonzero(np.diff(samples)) + 1), len(samples)]
        told += [(float(samples[a]), (b - a) / 16_000) for a, b in pairwise(edges) if b > a]
    return told


def test_tracks_are_summed_where_both_speak():
    mixer = TrackMixer(["a", "b"])
    assert mixer.add("a", SECOND) == []
    assert levels(mixer.add("b", SECOND)) == [(0.5, 1.0)]


def test_what_only_one_has_waits_for_the_other_for_a_second():
    mixer = TrackMixer(["a", "b"])
    mixer.add("a", SECOND)
    assert levels(mixer.add("a", SECOND)) == [(0.25, 1.0)]
    assert levels(mixer.add("b", np.concatenate([SECOND, SECOND / 2]))) == [(0.375, 1.0)]


def test_a_short_gap_of_one_is_silence_and_the_other_goes_on():
    mixer = TrackMixer(["a", "b"])
    assert mixer.skip("b", 500) == []
    out = mixer.add("a", SECOND) + mixer.add("b", SECOND) + mixer.rest()
    assert levels(out) == [(0.25, 0.5), (0.25, 0.5), (0.5, 0.5), (0.25, 0.5)] or levels(out) == [
        (0.25, 0.5),
        (0.5, 0.5),
        (0.25, 0.5),
    ]


def test_time_without_any_audio_is_a_gap_however_long():
    mixer = TrackMixer(["a", "b"])
    out = [each for track in ("a", "b") for each in mixer.skip(track, 86_400_000)]
    out += mixer.add("a", SECOND) + mixer.add("b", SECOND)
    assert levels(out) == ["gap 86400000", (0.5, 1.0)]


def test_the_rest_is_what_only_one_has():
    mixer = TrackMixer(["a", "b"])
    mixer.add("a", SECOND)
    assert levels(mixer.rest()) == [(0.25, 1.0)]
    assert mixer.rest() == []


def test_loud_tracks_are_clipped():
    mixer = TrackMixer(["a", "b"])
    mixer.add("a", 4 * SECOND)
    ((level, _),) = levels(mixer.add("b", 4 * SECOND))
    assert level == 32_767 / 32_768
