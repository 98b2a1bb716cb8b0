"""Vectors of a kept state: nearly the same afterwards, and exactly the same from the second time on."""

import numpy as np
import pytest

from speaker_tracker.stage import StateMismatch
from speaker_tracker.testing.comparison import alike
from speaker_tracker_stages.assigning import compact_vectors
from speaker_tracker_stages.assigning.compact_vectors import CHUNK, VectorPacker, unpacked


@pytest.fixture
def vectors():
    random = np.random.default_rng(1)
    walk = np.cumsum(random.standard_normal((60, 256)) * 0.4, axis=0)
    loud = np.zeros(256)
    loud[3] = 5000.0
    made = [*walk, loud, np.zeros(256), np.empty(0), random.standard_normal(256) * 1e-6]
    return [vector.astype(np.float32) for vector in made]


def test_vectors_come_back_nearly_as_they_were_and_empty_ones_empty(vectors):
    for vector, again in zip(vectors, unpacked(VectorPacker().packed(vectors)), strict=True):
        assert again.dtype == np.float32
        assert len(again) == len(vector)
        if len(vector) and vector.any():
            assert vector @ again / np.linalg.norm(vector) / np.linalg.norm(again) > 0.9995
            assert np.linalg.norm(again) == pytest.approx(np.linalg.norm(vector), rel=0.03)
        else:
            assert not again.any()


def test_packing_again_changes_nothing(vectors):
    once = VectorPacker().packed(vectors)
    assert alike(VectorPacker().packed(unpacked(once)), once)


def test_what_has_not_changed_is_not_packed_again(vectors, monkeypatch):
    packer = VectorPacker()
    before = packer.packed(vectors)
    packed = []
    monkeypatch.setattr(compact_vectors, "_packed", lambda chunk: packed.append(len(chunk)))
    packer.packed([*vectors, vectors[0]])
    assert packed == [len(vectors) - CHUNK + 1]
    assert packer.packed(vectors[:CHUNK]) == before[:1]


def test_no_vectors_are_none():
    assert unpacked(VectorPacker().packed([])) == []
    assert [len(vector) for vector in unpacked(VectorPacker().packed([np.empty(0, np.float32)]))] == [0]


def test_a_value_takes_less_than_a_byte_where_vectors_resemble_each_other(vectors):
    taken = sum(len(chunk["differences"]) for chunk in VectorPacker().packed(vectors[:60]))
    assert taken < 0.85 * 60 * 256


def test_parts_that_do_not_belong_together_are_refused(vectors):
    state, *_ = VectorPacker().packed(vectors)
    with pytest.raises(StateMismatch, match="do not belong together"):
        unpacked([{**state, "steps": state["steps"][:-1]}])
    with pytest.raises(StateMismatch, match="damaged"):
        unpacked([{**state, "differences": state["differences"][5:]}])
