"""Vectors of a kept state: nearly the same afterwards, and exactly the same from the second time on."""

import zlib

import numpy as np
import pytest

from speaker_tracker.stage import StateMismatch
from speaker_tracker_stages.assigning.compact_vectors import packed, unpacked


@pytest.fixture
def vectors():
    random = np.random.default_rng(1)
    walk = np.cumsum(random.standard_normal((60, 256)) * 0.4, axis=0)
    loud = np.zeros(256)
    loud[3] = 5000.0
    made = [*walk, loud, np.zeros(256), np.empty(0), random.standard_normal(256) * 1e-6]
    return [vector.astype(np.float32) for vector in made]


def test_vectors_come_back_nearly_as_they_were_and_empty_ones_empty(vectors):
    for vector, again in zip(vectors, unpacked(packed(vectors)), strict=True):
        assert again.dtype == np.float32
        assert len(again) == len(vector)
        if len(vector) and vector.any():
            assert vector @ again / np.linalg.norm(vector) / np.linalg.norm(again) > 0.9995
            assert np.linalg.norm(again) == pytest.approx(np.linalg.norm(vector), rel=0.03)
        else:
            assert not again.any()


def test_packing_again_changes_nothing(vectors):
    once = packed(vectors)
    again = packed(unpacked(once))
    assert all(np.array_equal(once[name], again[name]) for name in once)


def test_no_vectors_are_none():
    assert unpacked(packed([])) == []
    assert [len(vector) for vector in unpacked(packed([np.empty(0, np.float32)]))] == [0]


def test_a_value_takes_less_than_a_byte_where_vectors_resemble_each_other(vectors):
    alike = vectors[:60]
    bytes_taken = len(zlib.compress(packed(alike)["differences"].tobytes(), 6))
    assert bytes_taken < 0.85 * 60 * 256


def test_parts_that_do_not_belong_together_are_refused(vectors):
    state = packed(vectors)
    with pytest.raises(StateMismatch, match="do not belong together"):
        unpacked({**state, "steps": state["steps"][:-1]})
