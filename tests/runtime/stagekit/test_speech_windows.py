import numpy as np
import pytest

from speaker_tracker.stagekit.speech_windows import SpeechWindows

LENGTH, HOP = 24_000, 4_000


def windows(total, chunk=512, start=1_000, length=LENGTH, hop=HOP):
    samples = np.arange(total, dtype=np.float32)
    segment = SpeechWindows(start, length=length, hop=hop)
    found = [window for offset in range(0, total, chunk) for window in segment.feed(samples[offset : offset + chunk])]
    return found + list(segment.end())


@pytest.mark.parametrize("total", [1, 100, 3_999, 4_000, 6_001, 24_000, 100_123])
def test_stretches_tile_the_segment(total):
    found = windows(total)

    assert found[0].start == 1_000
    assert found[-1].end == 1_000 + total
    assert [window.start for window in found[1:]] == [window.end for window in found[:-1]]


@pytest.mark.parametrize(("length", "hop"), [(24_000, 4_000), (24_000, 24_000), (24_000, 20_000), (16_000, 16_000), (8_000, 6_000)])
@pytest.mark.parametrize("total", [20_000, 36_001, 100_123])
def test_a_window_holds_what_it_says(length, hop, total):
    for window in windows(total, length=length, hop=hop):
        assert len(window.samples) == window.heard_end - window.heard_start
        assert window.samples[0] == window.heard_start - 1_000
        assert window.samples[-1] == window.heard_end - 1_001


def test_a_window_lies_around_its_stretch_within_the_segment():
    for window in windows(100_123):
        assert 1_000 <= window.heard_start <= window.start < window.end <= window.heard_end <= 1_000 + 100_123
        assert len(window.samples) == window.heard_end - window.heard_start <= LENGTH
        assert window.samples[0] == window.heard_start - 1_000
    assert all(len(window.samples) == LENGTH for window in windows(100_123)[3:-4])


@pytest.mark.parametrize("chunk", [160, 4_000, 100_123])
def test_how_audio_is_cut_makes_no_difference(chunk):
    def shape(found):
        return [(window.start, window.end, window.heard_start, window.heard_end, window.fresh) for window in found]

    assert shape(windows(100_123, chunk)) == shape(windows(100_123))


def test_every_sample_is_fresh_once():
    assert sum(window.fresh for window in windows(100_123)) == 100_123


def test_what_is_held_does_not_grow():
    segment = SpeechWindows(0, length=LENGTH, hop=HOP)
    for _ in range(600):
        list(segment.feed(np.zeros(1_600, np.float32)))
        assert len(segment._held) <= LENGTH + HOP + 1_600


def test_windows_reach_back_into_a_segment_that_ended_where_theirs_begins():
    samples = np.arange(60_000, dtype=np.float32)
    first = SpeechWindows(0, length=LENGTH, hop=HOP)
    list(first.feed(samples[:40_000]))
    list(first.end())
    second = SpeechWindows(40_000, length=LENGTH, hop=HOP, before=first.tail)

    found = [*second.feed(samples[40_000:]), *second.end()]

    assert (found[0].start, found[0].heard_start) == (40_000, 40_000 + HOP // 2 - LENGTH // 2)
    assert all(np.array_equal(window.samples, samples[window.heard_start : window.heard_end]) for window in found)
    assert sum(window.fresh for window in found) == 20_000
