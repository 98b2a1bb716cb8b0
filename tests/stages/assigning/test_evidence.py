from itertools import pairwise

import numpy as np
import pytest

from speaker_tracker_stages.evidence import Evidence, Item
from speaker_tracker_stages.voice_clustering import unit

VOICES = np.eye(8, dtype=np.float32)


def hear(evidence, count, voices=2, turn=20):
    noise = np.random.default_rng(0)
    for number in range(count):
        who = number // turn % voices
        vector = unit(VOICES[who] + noise.normal(0, 0.1, 8).astype(np.float32))
        start, end = number * 4000, (number + 1) * 4000
        heard = (start - 4000, end + 4000)
        evidence.recent.append(Item(vector, 1.0, [(start, end)], heard, number == 0, label=who, said=who, voice=who))
        evidence.condense()


def covered(evidence):
    return sorted(stretch for item in evidence for stretch in item.stretches)


def test_evidence_stays_bounded_however_long_a_session_is():
    evidence = Evidence(max_recent=100, max_groups=20)
    hear(evidence, 5_000)

    assert len(evidence.recent) <= 101
    assert len(evidence.groups) <= 20


def test_condensing_loses_no_time_and_mixes_no_speakers():
    evidence = Evidence(max_recent=100, max_groups=20)
    hear(evidence, 2_000)
    stretches = covered(evidence)

    assert stretches[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(stretches))
    assert stretches[-1][1] == 2_000 * 4000
    for item in evidence.groups:
        assert unit(item.vector)[item.label] > 0.95


def test_weights_and_seconds_add_up():
    evidence = Evidence(max_recent=100, max_groups=20)
    hear(evidence, 1_000)
    items = evidence.items(10_000)
    changes = (1_000 - len(evidence.recent)) // 20

    assert 1_000 - 2 * changes <= items.evidence.sum() <= 1_000 - 1.75 * changes, "what heard a change is condensed to its time"
    assert np.isclose(evidence.items(200).evidence.sum(), 200)
    assert items.loose == len(evidence.groups) > 0
    assert np.isclose(items.seconds.sum(), 1_000 * 0.25)
    assert np.allclose(np.linalg.norm(items.vectors[items.loose :], axis=1), 1, atol=1e-5)


def test_what_has_no_window_yet_comes_last_and_is_worth_nothing():
    evidence = Evidence(max_recent=100, max_groups=20)
    hear(evidence, 50)
    items = evidence.items(10_000, [(200_000, 204_000), (204_000, 208_000)])

    assert items.ahead == 2
    assert items.evidence[-3:].tolist() == [1.0, 0.0, 0.0]
    assert items.hearing.shares[49, 48:].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])


def test_a_restored_evidence_is_the_same():
    evidence, other = Evidence(100, 20), Evidence(100, 20)
    hear(evidence, 300)
    other.restore(evidence.snapshot())

    assert covered(other) == covered(evidence)
    assert np.allclose(other.items(10_000).vectors, evidence.items(10_000).vectors)
    assert [(item.label, item.said) for item in other] == [(item.label, item.said) for item in evidence]
    assert [(item.heard, item.begins) for item in other.recent] == [(item.heard, item.begins) for item in evidence.recent]
