from speaker_tracker.protocol import HintMessage, ReportMessage, SegmentMessage, SpeakerMessage, SpeakerTotal, TimelineMessage
from speaker_tracker.protocol.speaker_names import SpeakerNames


def timeline(*segments):
    return TimelineMessage(
        audioMs=9000, segments=[SegmentMessage(startMs=0, endMs=500, speakerId=who, name=name) for who, name in segments]
    )


def test_names_come_are_corrected_and_are_taken_back():
    names = SpeakerNames()
    assert names.by_speaker == {}
    names.add(SpeakerMessage(currentSpeakerId=1, speakingTimeMs={1: 500}, currentName="Anna"))
    names.add(timeline((0, "Ben"), (None, None)))
    assert names.by_speaker == {0: "Ben", 1: "Anna"}
    names.add(timeline((0, "Carla")))
    names.add(SpeakerMessage(currentSpeakerId=1, speakingTimeMs={1: 900}))
    assert names.by_speaker == {0: "Carla"}
    names.add(SpeakerMessage(currentSpeakerId=None, speakingTimeMs={}))
    names.add(HintMessage(code="stereo", message="two channels"))
    assert names.by_speaker == {0: "Carla"}


def test_a_report_has_the_last_word():
    names = SpeakerNames()
    names.add(timeline((0, "Ben"), (1, "Anna")))
    names.add(ReportMessage(speakers=[SpeakerTotal(id=0, totalTimeMs=1), SpeakerTotal(id=1, totalTimeMs=2, name="Carla")]))
    assert names.by_speaker == {1: "Carla"}


def test_what_was_given_does_not_change():
    names = SpeakerNames()
    before = names.by_speaker
    names.add(timeline((0, "Ben")))
    assert before == {}
