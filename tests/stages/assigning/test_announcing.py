import numpy as np

from speaker_tracker.events import SpeakersAssigned, SpeakerSpan
from speaker_tracker_stages.assigning.announcing import announce
from speaker_tracker_stages.assigning.evidence import NOBODY, Item


def item(label, *stretches, announced=None):
    return Item(np.zeros(2, np.float32), 1.0, list(stretches), label=label, announced=announced)


def assigned(start, end, speaker):
    return SpeakersAssigned(start, end, () if speaker is None else (SpeakerSpan(start, end, speaker),))


def test_new_labels_are_announced_once_in_order_of_time_with_adjacent_ones_joined():
    items = [item(1, (300, 400)), item(0, (0, 100), (500, 600)), item(0, (100, 200))]

    assert list(announce(items)) == [assigned(0, 200, 0), assigned(300, 400, 1), assigned(500, 600, 0)]
    assert list(announce(items)) == []


def test_a_label_that_changed_is_announced_again_also_where_it_is_nobodys_now():
    items = [item(1, (0, 100), announced=0), item(NOBODY, (100, 200), announced=0), item(0, (200, 300), announced=0)]

    assert list(announce(items)) == [assigned(0, 100, 1), assigned(100, 200, None)]


def test_speech_that_was_never_tracked_is_announced_as_nobodys():
    assert list(announce([item(NOBODY, (0, 100))])) == [assigned(0, 100, None)]


def test_confidence_is_the_mean_over_a_span_weighted_by_duration():
    items = [item(0, (0, 100)), item(0, (100, 400)), item(1, (400, 500)), item(NOBODY, (500, 600))]
    events = list(announce(items, dict(zip(items, [0.5, 0.9, 0.7, 0.1], strict=True))))

    assert [[round(span.confidence, 6) for span in event.spans] for event in events] == [[0.8], [0.7], []]


def test_labels_are_announced_again_where_that_is_asked_for():
    items = [item(0, (0, 100), announced=0)]

    assert list(announce(items)) == []
    assert list(announce(items, again=True)) == [assigned(0, 100, 0)]
