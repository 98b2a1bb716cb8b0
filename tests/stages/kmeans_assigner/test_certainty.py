import numpy as np

from speaker_tracker_stages.assigning.evidence import NOBODY, Item
from speaker_tracker_stages.kmeans_assigner.certainty import confidences

SECOND = 16_000


def windows(*turns):
    """Windows of a second, each like one of two voices at right angles, ``mixed`` between; a turn: voice, its angle, windows."""
    random, items = np.random.default_rng(0), []
    for voice, angle, count in turns:
        for _ in range(count):
            vector = np.concatenate([[np.cos(angle), np.sin(angle)], random.normal(0, 0.05, 30)]).astype(np.float32)
            start = len(items) * SECOND
            items.append(Item(vector / np.linalg.norm(vector), 1.0, [(start, start + SECOND)], label=voice, voice=voice))
    return items


def test_a_clear_voice_is_more_certain_than_one_between_two():
    items = windows((0, 0, 30), (1, np.pi / 2, 30), (0, np.pi / 4, 1), (0, 0, 5), (1, 0, 1))
    certain = confidences(items)

    assert certain[:60].min() > 0.9
    assert certain[60] < 0.8
    assert certain[66] < 0.5
    assert ((certain >= 0) & (certain <= 1)).all()


def test_a_voice_that_was_never_heard_before_is_less_certain():
    items = windows((0, 0, 30), (1, np.pi / 2, 2), (0, 0, 30))

    assert confidences(items)[30:32].max() < confidences(items)[:30].min()


def test_little_evidence_makes_no_trouble():
    for items in (windows((0, 0, 1)), windows((NOBODY, 0, 1)), windows((0, 0, 1), (1, 1, 1))):
        items[0].vector = np.zeros(32, np.float32)
        items[0].weight = 0.0
        assert np.isfinite(confidences(items)).all()
