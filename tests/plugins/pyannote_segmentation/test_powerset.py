import numpy as np
import pytest

from speaker_tracker_plugins.pyannote_segmentation.powerset import (
    FIRST_S,
    FRAMES,
    NETWORK_FRAMES,
    SETS,
    STEP_S,
    changes,
    in_frames,
    of_frames,
)

SIGNS = {"-": (), "a": (0,), "b": (1,), "c": (2,), "A": (0, 1), "B": (1, 2)}


def sets_of(signs, sure=1.0):
    """Probabilities of one window, ``(1, frames, 7)``, that say with ``sure`` who speaks, and else that nobody does."""
    sets = np.zeros((1, len(signs), len(SETS)), np.float32)
    sets[0, :, 0] = 1 - sure
    for frame, sign in enumerate(signs):
        sets[0, frame, SETS.index(SIGNS[sign])] += sure
    return sets


def found(signs, sure=1.0):
    """Frames at which a change is more probable than at their neighbours, and how probable it is."""
    told = changes(sets_of(signs, sure))[0]
    peaks = [place for place in range(1, len(told) - 1) if told[place - 1] < told[place] >= told[place + 1]]
    return {place: round(float(told[place]), 3) for place in peaks}


@pytest.mark.parametrize(
    ("signs", "at"),
    [
        ("a" * 20 + "b" * 20, [20]),
        ("a" * 20 + "-" * 30 + "b" * 20, [50]),
        ("a" * 20 + "A" * 10 + "b" * 20, [20]),
        ("a" * 20 + "A" * 20 + "a" * 20, [20]),
        ("a" * 20 + "b" * 20 + "a" * 20, [20, 40]),
        ("a" * 20 + "A" * 20 + "B" * 20, [20, 40]),
    ],
)
def test_a_change_is_where_somebody_begins_who_did_not_speak_last(signs, at):
    assert found(signs) == dict.fromkeys(at, 1.0)


@pytest.mark.parametrize("signs", ["a" * 40, "a" * 10 + "-" * 20 + "a" * 10, "-" * 20 + "a" * 20, "-" * 40, "A" * 20 + "a" * 20])
def test_nobody_begins_who_spoke_last_or_is_the_first(signs):
    assert changes(sets_of(signs)).max() == 0


def test_a_change_is_as_probable_as_that_somebody_else_speaks():
    assert found("a" * 20 + "b" * 20, sure=0.7) == {20: 0.7}


def test_one_who_is_heard_for_a_moment_is_a_less_probable_change():
    told = found("a" * 20 + "b" * 2 + "a" * 20)
    assert 0.2 < max(told.values()) < 0.9


def test_a_tenth_of_a_second_from_a_change_there_is_none():
    told = changes(sets_of("a" * 20 + "b" * 20))[0]
    assert (told[:16] == 0).all()
    assert (told[25:] == 0).all()
    assert (told[16:25] > 0).all()


def test_a_step_of_the_network_is_where_it_was_in_the_stage_s_frames():
    said = np.zeros((1, NETWORK_FRAMES, len(SETS)), np.float32)
    said[0, :300, 1] = 1
    said[0, 300:, 2] = 1
    sets = in_frames(said)

    assert sets.shape == (1, FRAMES, len(SETS))
    np.testing.assert_allclose(sets.sum(-1), 1, atol=1e-6)
    step = int((sets[0, :, 2] > 0.5).argmax()) / 50
    assert step == pytest.approx(FIRST_S + 299.5 * STEP_S, abs=0.02)


def test_numbers_of_speakers_add_up_and_follow_the_sets():
    said = np.zeros((2, NETWORK_FRAMES, len(SETS)), np.float32)
    said[0, :, 0], said[0, :, 3], said[0, :, 6] = 0.2, 0.5, 0.3
    said[1, :, 1] = 1
    told = of_frames(said)

    assert told.shape == (2, FRAMES, 4)
    np.testing.assert_allclose(told[0, 100], [0.2, 0.5, 0.3, 0], atol=1e-6)
    np.testing.assert_allclose(told[1, 100], [0, 1, 0, 0], atol=1e-6)
