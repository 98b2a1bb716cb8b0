from speaker_tracker.events import OverlappedSpeech, SpeakerChange, SpeechPause
from speaker_tracker.results.segmentation import Segmentation, heard_segmentation


def test_events_become_seconds_in_order_of_time():
    events = [
        SpeakerChange(32_000, 0.25),
        OverlappedSpeech(16_000, 24_000, 0.75),
        SpeechPause(8000, 12_000),
        SpeakerChange(4000, 0.5),
    ]

    assert heard_segmentation(events) == Segmentation(
        overlaps=[(1.0, 1.5, 0.75)], changes=[(0.25, 0.25, 0.5), (2.0, 2.0, 0.25)], pauses=[(0.5, 0.75, 1.0)]
    )


def test_a_chain_that_hears_none_of_it_has_no_segmentation():
    assert heard_segmentation([]) is None
