"""Places of speakers are made of windows that hear them alone."""

import numpy as np
import pytest

from speaker_tracker_stages.assigning.evidence import NOBODY, Evidence, Item
from speaker_tracker_stages.assigning.voiceprints import places

HOP = 4000
PER_SECOND = 1.2
FULL = PER_SECOND / 4


def item(number, label, direction, weight=FULL, reach=0):
    vector = np.eye(8, dtype=np.float32)[direction] * np.float32(weight)
    start = number * HOP
    return Item(vector, weight, [(start, start + HOP)], (start - reach * HOP, start + (reach + 1) * HOP), label=label)


def evidence_of(*items, groups=()):
    evidence = Evidence(100, 20)
    evidence.recent = list(items)
    evidence.groups = list(groups)
    return evidence


def test_a_place_is_the_mean_of_a_speaker_s_windows():
    found = places(evidence_of(*[item(number, number % 2, number % 2) for number in range(8)]), PER_SECOND)

    assert found.speakers == (0, 1)
    assert found.means == pytest.approx(np.eye(8)[:2])
    assert found.evidence == pytest.approx([4 * FULL] * 2)


def test_windows_that_hear_somebody_else_for_a_good_part_are_left_out():
    turns = [item(number, int(number >= 4), int(number >= 4), reach=1) for number in range(8)]
    turns[3].vector = turns[4].vector = np.full(8, 9.0, dtype=np.float32)  # across the change

    assert places(evidence_of(*turns), PER_SECOND).means == pytest.approx(np.eye(8)[:2])


def test_who_is_nobody_s_has_no_place():
    found = places(evidence_of(item(0, 0, 0), item(1, NOBODY, 1)), PER_SECOND)

    assert found.speakers == (0,)


def test_nothing_heard_is_no_place():
    assert places(evidence_of(), PER_SECOND).speakers == ()
    assert places(evidence_of(item(0, 0, 0, weight=0.0)), PER_SECOND).speakers == ()


def test_older_windows_in_groups_count():
    group = Item(np.eye(8, dtype=np.float32)[5] * 10, 10.0, [(0, 100 * HOP)], label=1)

    found = places(evidence_of(item(200, 0, 0), groups=[group]), PER_SECOND)
    assert found.speakers == (0, 1)
    assert found.evidence == pytest.approx([FULL, 10.0])


def test_what_is_overlapped_or_cut_short_makes_no_print():
    items = [item(number, 0, 0) for number in range(4)] + [item(number, 0, 3, weight=0.3 * FULL) for number in range(4, 8)]

    assert places(evidence_of(*items), PER_SECOND, strict=True).means == pytest.approx(np.eye(8)[:1])
    assert places(evidence_of(*items), PER_SECOND).means[0, 3] > 0


def test_what_sounds_like_another_speaker_makes_no_print():
    items = [item(number, 0, 0) for number in range(4)] + [item(number, 1, 1) for number in range(4, 8)] + [item(8, 0, 1)]

    assert places(evidence_of(*items), PER_SECOND, strict=True).means == pytest.approx(np.eye(8)[:2])
    assert places(evidence_of(*items), PER_SECOND).means[0, 1] > 0


def test_a_speaker_of_one_window_has_a_place():
    found = places(evidence_of(item(0, 0, 0), *[item(number, 1, 1) for number in range(1, 5)]), PER_SECOND, strict=True)

    assert found.speakers == (0, 1)
