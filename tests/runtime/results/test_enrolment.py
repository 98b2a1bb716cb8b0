from pathlib import Path

import pytest

from speaker_tracker.protocol import OtherVoicesTotal, ReportMessage, SpeakerTotal
from speaker_tracker.results.enrolment import Enrolment, EnrolmentError, only_voice
from support.voices import voiceprint

PATH = Path("talk.flac")


def report(*seconds, others=0.0, printed=True):
    speakers = [SpeakerTotal(id=who, totalTimeMs=round(1000 * each)) for who, each in enumerate(seconds)]
    if printed:
        longest = max(speakers, key=lambda speaker: speaker.totalTimeMs)
        speakers[longest.id] = longest.model_copy(update={"voiceprint": voiceprint()})
    return ReportMessage(speakers=speakers, others=OtherVoicesTotal(totalTimeMs=round(1000 * others), voices=int(others > 0)))


@pytest.mark.parametrize("heard", [report(20), report(20, 1.4), report(0.8, 20), report(600, 12), report(100, 1, others=1.5)])
def test_a_lone_voice_is_taken_in_spite_of_moments_that_seem_to_be_anothers(heard):
    spoken_ms = max(speaker.totalTimeMs for speaker in heard.speakers)
    assert only_voice(heard, PATH) == Enrolment(voiceprint(), spoken_ms)


@pytest.mark.parametrize(
    ("heard", "others"),
    [(report(20, 1.5), "1.5"), (report(8, 20), "8.0"), (report(20, others=4), "4.0"), (report(20, 1, others=2), "3.0")],
)
def test_another_voice_is_refused_with_how_much_of_it_was_heard(heard, others):
    with pytest.raises(EnrolmentError) as raised:
        only_voice(heard, PATH)
    told = f"talk.flac has more than one voice: one speaks for 20.0 s, and others for {others} s; "
    assert str(raised.value) == f"{told}take a recording in which nobody else speaks"


def test_too_little_speech_is_refused():
    with pytest.raises(
        EnrolmentError, match=r"^talk\.flac has too little speech: 4\.2 s, of which less than 5 s are clear; take a longer"
    ):
        only_voice(report(4.2, printed=False), PATH)
    with pytest.raises(EnrolmentError, match=r"^nobody speaks in talk\.flac; a recording of at least 5 s of speech is needed"):
        only_voice(ReportMessage(speakers=[]), PATH)
