import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from speaker_tracker.events import VoiceModel
from speaker_tracker.stage import StateMismatch
from speaker_tracker_stages.assigning.arrays import unit_length
from speaker_tracker_stages.assigning.evidence import NOBODY, Evidence, Item

VOICES = np.eye(8, dtype=np.float32)


def hear(evidence, count, voices=2, turn=20, purity=None):
    noise = np.random.default_rng(0)
    for number in range(count):
        who = number // turn % voices
        vector = unit_length(VOICES[who] + noise.normal(0, 0.1, 8).astype(np.float32))
        start, end = number * 4000, (number + 1) * 4000
        heard = (start - 4000, end + 4000)
        evidence.recent.append(Item(vector, 1.0, [(start, end)], heard, number == 0, label=who, announced=who, voice=who))
        evidence.condense(purity)


def cosine(first, second):
    return first @ second / np.linalg.norm(first) / np.linalg.norm(second)


def covered(evidence):
    return sorted(stretch for item in evidence for stretch in item.stretches)


def model(name="small", dimension=192, cosine=0.4):
    return VoiceModel(name, dimension, cosine, calibrated_seconds=2.0)


def test_evidence_stays_bounded_however_long_a_session_is():
    evidence = Evidence(max_recent=100, max_groups=20)
    hear(evidence, 5_000)

    assert len(evidence.recent) <= 101
    assert len(evidence.groups) <= 20


def test_condensing_loses_no_time_and_no_weight_and_mixes_no_speakers():
    evidence = Evidence(max_recent=100, max_groups=20)
    hear(evidence, 2_000)
    stretches = covered(evidence)

    assert stretches[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(stretches))
    assert stretches[-1][1] == 2_000 * 4000
    assert sum(item.weight for item in evidence) == 2_000
    for item in evidence.groups:
        assert unit_length(item.vector)[item.label] > 0.95


def test_an_impure_window_leaves_its_time_and_nothing_else():
    evidence = Evidence(max_recent=100, max_groups=20)
    hear(evidence, 101, purity=lambda windows: np.where(np.arange(len(windows)) == 3, 0.7, 1.0))

    assert sum(item.weight for item in evidence) == 100
    assert covered(evidence)[-1][1] == 101 * 4000


def test_a_restored_evidence_is_the_same():
    evidence, other = Evidence(100, 20), Evidence(100, 20)
    evidence.check_model(model())
    hear(evidence, 300)
    other.restore(evidence.snapshot())

    assert covered(other) == covered(evidence)
    heard = [(one.vector, same.vector) for one, same in zip(evidence, other, strict=True) if one.vector.any()]
    assert all(cosine(*both) > 0.9995 for both in heard)
    assert [(item.label, item.announced) for item in other] == [(item.label, item.announced) for item in evidence]
    assert [(item.heard, item.after_pause) for item in other.recent] == [(item.heard, item.after_pause) for item in evidence.recent]
    assert other.model == model()


def test_a_model_goes_with_itself_however_it_is_calibrated():
    evidence = Evidence(100, 20)

    assert evidence.check_model(model(cosine=0.4)) == model(cosine=0.4)
    assert evidence.check_model(model(cosine=0.3)) == model(cosine=0.4)


@pytest.mark.parametrize("other", [model(name="large"), model(dimension=256), replace(model(), version=2)])
def test_embeddings_of_another_model_are_refused_and_both_are_named(other):
    evidence = Evidence(100, 20)
    evidence.check_model(model())

    said = f"embeddings of ['{other.name}', {other.version}, {other.dimension}] came after those of ['small', 1, 192], and the two"
    with pytest.raises(StateMismatch, match=re.escape(said)):
        evidence.check_model(other)


def test_a_voice_that_is_given_up_leaves_its_time_as_nobodys_and_nothing_of_how_it_sounds():
    evidence = Evidence(max_recent=100, max_groups=20)
    hear(evidence, 300, voices=3)
    stretches = covered(evidence)
    evidence.retire({2})

    assert {item.voice for item in evidence} == {0, 1}
    assert all(item.label == NOBODY and not item.vector.size for item in evidence.retired)
    assert sorted([*covered(evidence), *(stretch for item in evidence.retired for stretch in item.stretches)]) == stretches
    assert evidence.retired_samples == [sum(item.samples for item in evidence.retired)]


def test_speech_behind_a_voice_that_is_given_up_begins_like_speech_after_a_pause():
    evidence = Evidence(max_recent=100, max_groups=20)
    hear(evidence, 60, voices=3)
    evidence.retire({1})
    assert [item.stretches[0][0] for item in evidence.recent if item.after_pause] == [0, 40 * 4000]


def test_what_is_given_up_goes_on_in_another_process():
    evidence, other = Evidence(max_recent=100, max_groups=20), Evidence(max_recent=100, max_groups=20)
    hear(evidence, 60, voices=3)
    evidence.retire({1})
    other.restore(evidence.snapshot())
    assert other.snapshot().keys() == evidence.snapshot().keys()
    assert other.retired_samples == evidence.retired_samples != []
    assert [item.stretches for item in other.retired] == [item.stretches for item in evidence.retired]


def test_an_item_that_absorbs_another_has_its_stretches_in_order_and_joins_those_that_touch():
    def item(*stretches):
        return Item(VOICES[0], 1.0, list(stretches))

    earlier, later = item((0, 4000), (8000, 12_000)), item((12_000, 16_000), (20_000, 24_000))
    earlier.absorb(later)
    assert earlier.stretches == [(0, 4000), (8000, 16_000), (20_000, 24_000)]

    earlier.absorb(item((4000, 8000)))
    assert earlier.stretches == [(0, 16_000), (20_000, 24_000)]
    assert earlier.samples == 20_000


def test_groups_are_kept_where_no_two_have_equal_labels():
    evidence = Evidence(max_recent=100, max_groups=20)
    evidence.groups = [Item(VOICES[0], 1.0, [(0, 4000)], voice=number) for number in range(25)]
    hear(evidence, 101)

    assert len(evidence.groups) >= 25
