import numpy as np
import pytest

from speaker_tracker.events import AudioBlock, SpeechAudio, SpeechEnded, SpeechPause, SpeechStarted
from speaker_tracker.stagekit.speech_merger import MergerOptions, SpeechMerger

FRAME = 10
LATE = 5
"""Frames that are heard before one is decided."""


def feed(merger, detected, spoken):
    """All answers to frames that a detector (at once) and a segmentation (``LATE`` frames later) take for speech (``#``)."""
    answers = []
    under_way = False
    for number in range(len(detected) + LATE):
        start = number * FRAME
        if number < len(detected):
            block = AudioBlock(start, np.full(FRAME, number, np.float32))
            if detected[number] == "#":
                if not under_way:
                    merger.detected.feed(SpeechStarted(start))
                merger.detected.feed(SpeechAudio(start, block.samples))
            elif under_way:
                merger.detected.feed(SpeechEnded(start))
            under_way = detected[number] == "#"
            answers += [(number, event) for event in merger.hear(block)]
        if number >= LATE:
            decided = number - LATE
            answers += [
                (number, event) for event in merger.decide(decided * FRAME, start - 4 * FRAME, speech=spoken[decided] == "#")
            ]
    return answers + [(len(detected) + LATE, event) for event in merger.end()]


def new_merger():
    return SpeechMerger(MergerOptions(min_speech=2, min_silence=3))


def drawn(events, length):
    """Segments as ``#``, pauses within them as ``-``; a segment that begins where one ended is drawn as one with it."""
    picture = ["."] * length
    position = None
    for event in events:
        match event:
            case SpeechStarted():
                position = event.start
            case SpeechAudio():
                assert event.start == position, "audio of a segment has no holes"
                assert (event.samples == np.arange(event.start, event.end) // FRAME).all()
                position = event.end
                picture[event.start // FRAME : event.end // FRAME] = "#" * (len(event.samples) // FRAME)
            case SpeechEnded():
                assert event.end == position
                position = None
    assert position is None, "every segment ends"
    for event in events:
        if isinstance(event, SpeechPause):
            assert set(picture[event.start // FRAME : event.end // FRAME]) == {"#"}, "pauses lie in segments"
            picture[event.start // FRAME : event.end // FRAME] = "-" * ((event.end - event.start) // FRAME)
    return "".join(picture)


@pytest.mark.parametrize(
    ("detected", "spoken", "found"),
    [
        ("............", "............", "............"),
        ("...####.....", "...####.....", "...####....."),  # both agree
        ("............", "...####.....", "...####....."),  # the detector missed it
        ("...####.....", "............", "............"),  # it was none
        ("............", "...#........", "............"),  # too short
        ("....####....", "..##########", "..##########"),  # begins earlier, ends later
        ("..########..", "....####....", "....####--.."),  # begins later, ends earlier
        ("..########..", "..##....##..", "..##----##.."),  # a pause in what was passed on
        ("..########..", "..###..###..", "..########.."),  # a pause too short to be told
        ("..###..###..", "..########..", "..########.."),  # a pause that was none
        ("..####......", "..#######...", "..#######..."),  # goes on where the detector stopped
    ],
)
def test_what_the_segmentation_says_holds(detected, spoken, found):
    events = [event for _, event in feed(new_merger(), detected, spoken)]

    assert drawn(events, len(detected)) == found


def test_what_both_take_for_speech_is_passed_on_at_once():
    answers = feed(new_merger(), "..################......", "..################......")

    late = [number - event.start // FRAME for number, event in answers if isinstance(event, SpeechAudio)]
    assert late[-5:] == [0] * 5
    (ended,) = [number for number, event in answers if isinstance(event, SpeechEnded)]
    assert ended == 18, "the segment ends where the detector ends it"


def test_a_segment_that_goes_on_begins_where_the_one_before_ended():
    events = [event for _, event in feed(new_merger(), "..######........", "..##########....")]

    starts = [event.start for event in events if isinstance(event, SpeechStarted)]
    ends = [event.end for event in events if isinstance(event, SpeechEnded)]
    assert starts == [20, 80]
    assert ends == [80, 120]


def test_little_audio_is_held(monkeypatch):
    merger = new_merger()
    held = []
    original = merger.decide

    def decide(*args, **kwargs):
        yield from original(*args, **kwargs)
        held.append(len(merger._audio) // FRAME)

    monkeypatch.setattr(merger, "decide", decide)
    feed(merger, "." * 50 + "#" * 50 + "." * 50, "." * 50 + "#" * 70 + "." * 30)

    assert max(held) <= LATE + 2


def test_a_restored_merger_ends_the_segment_under_way():
    first, second = new_merger(), new_merger()
    begun = []
    for number in range(8):
        first.detected.feed(SpeechStarted(0) if number == 0 else SpeechAudio((number - 1) * FRAME, np.zeros(FRAME, np.float32)))
        begun += first.hear(AudioBlock(number * FRAME, np.zeros(FRAME, np.float32)))
        begun += first.decide(number * FRAME, (number + 1) * FRAME, speech=True)
    second.restore(first.snapshot())

    assert list(second.hear(AudioBlock(80, np.zeros(FRAME, np.float32)))) == [SpeechEnded(begun[-1].end)]
