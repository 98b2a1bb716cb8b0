import math

import pytest

from speaker_tracker.events import OverlappedSpeech, SpeakerChange, SpeechPause
from speaker_tracker_stages.assigning.activity import CHANGE_REACH, KEPT, RecentActivity


def activity(*events):
    heard = RecentActivity()
    for event in events:
        heard.feed(event)
    return heard


def test_pauses_and_overlaps_take_from_what_one_person_says_alone():
    heard = activity(SpeechPause(1000, 1500), OverlappedSpeech(3000, 5000, 0.9))

    assert heard.share_alone(0, 4000) == pytest.approx(1 - 1500 / 4000)
    assert heard.share_alone(6000, 8000) == 1.0
    assert heard.share_alone(3500, 4500) == 0.0


def test_the_most_probable_change_nearby_counts():
    heard = activity(SpeakerChange(10_000, 0.3), SpeakerChange(10_000 + CHANGE_REACH, 0.7))

    assert heard.change(10_000) == 0.7
    assert heard.change(10_000 - CHANGE_REACH) == 0.3
    assert heard.change(10_000 - CHANGE_REACH - 1) == 0.0


def test_without_a_segmentation_nothing_is_known_of_changes():
    assert math.isnan(activity().change(1000))
    assert activity().share_alone(0, 1000) == 1.0


def test_little_is_kept():
    heard = activity(*(SpeechPause(start, start + 100) for start in range(0, 4 * KEPT, 1000)))

    assert len(heard.snapshot()["mixed"]) <= KEPT / 1000 + 2


def test_a_restored_activity_goes_on():
    first, second = activity(SpeechPause(0, 500), SpeakerChange(700, 0.4)), RecentActivity()
    second.restore(first.snapshot())

    assert second.share_alone(0, 1000) == 0.5
    assert second.change(700) == 0.4
