import pytest

from speaker_tracker.cli.stream.speaking_now import SpeakingNow
from speaker_tracker.protocol import SegmentMessage, SpeakerMessage, TimelineMessage


def heard(now, current, audio_ms, *segments):
    """Feeds both messages of half a second; returns who speaks then."""
    now.add(SpeakerMessage(currentSpeakerId=current, speakingTimeMs={}))
    labels = [SegmentMessage(startMs=start, endMs=end, speakerId=speaker) for start, end, speaker in segments]
    now.add(TimelineMessage(audioMs=audio_ms, segments=labels))
    return now.speakers


@pytest.fixture
def now():
    return SpeakingNow()


def test_before_any_message_nobody_speaks(now):
    assert now.speakers == ()


def test_one_who_speaks_alone_speaks_before_there_are_labels(now):
    assert heard(now, 2, 500) == (2,)


def test_whoever_speaks_at_the_same_time_by_the_newest_labels_speaks_as_well(now):
    assert heard(now, 1, 3000, (0, 2400, 1), (2000, 2400, 0), (1000, 2300, 2)) == (0, 1, 2)
    assert heard(now, 1, 3500) == (0, 1, 2)
    assert heard(now, 1, 4000, (2400, 2900, 1)) == (1,)


def test_while_the_server_names_nobody_nobody_speaks(now):
    assert heard(now, None, 3000, (0, 2400, 1), (2000, 2400, 0)) == ()


def test_speakers_who_take_turns_do_not_speak_at_once(now):
    assert heard(now, 0, 3000, (0, 2300, 1), (2300, 2400, 0)) == (0,)


def test_a_corrected_label_replaces_all_speakers_of_its_span(now):
    assert heard(now, 0, 3000, (0, 2400, 1), (0, 2400, 0)) == (0, 1)
    assert heard(now, 0, 3500, (2000, 2400, 0)) == (0,)


def test_labels_of_long_ago_say_nothing_of_now(now):
    assert heard(now, 0, 4399, (0, 2400, 1), (0, 2400, 0)) == (0, 1)
    assert heard(now, 0, 4400) == (0,)


def test_another_session_knows_nothing_of_the_one_before(now):
    heard(now, 0, 3000, (0, 2400, 1), (0, 2400, 0))
    now.clear()
    assert now.speakers == ()
    assert heard(now, 0, 3000) == (0,)
