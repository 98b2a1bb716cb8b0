"""Names are told when they are likely, corrected, and never given twice; voiceprints are told when there is news."""

import numpy as np
import pytest

from speaker_tracker.events import SpeakersNamed, VoiceModel, VoiceprintsMade
from speaker_tracker.protocol import KnownVoice, Voiceprint
from speaker_tracker.stage import SessionInfo
from speaker_tracker_stages.assigning.evidence import Evidence, Item
from speaker_tracker_stages.assigning.known_speakers import KnownSpeakers

HOP = 4000
PER_SECOND = 1.2
MODEL = VoiceModel("test", 64, same_voice_cosine=0.4, calibrated_seconds=1.5, version=2)
DIRECTIONS = np.linalg.qr(np.random.default_rng(7).normal(size=(64, 64)))[0]
KNOWN = tuple(
    KnownVoice(name=name, voiceprint=Voiceprint.of("test", 2, (0.8 * DIRECTIONS[place]).tolist(), 30.0))
    for name, place in (("Anna", 0), ("Ben", 1))
)


class Session:
    """A session whose speakers are given by hand: ``hear(speaker, direction, seconds)``."""

    def __init__(self, *, known=KNOWN, prints=False):
        self.info = SessionInfo("test", 3, known_voices=known, voiceprints=prints)
        self.evidence = Evidence(10_000, 20)
        self.evidence.check_model(MODEL)
        self.speakers = KnownSpeakers(self.info, PER_SECOND)
        self._number = 0

    def hear(self, speaker, direction, seconds=2.0):
        told = []
        for _ in range(round(seconds * 4)):
            weight, start = PER_SECOND / 4, self._number * HOP
            vector = (0.8 * DIRECTIONS[direction] * weight).astype(np.float32)
            self.evidence.recent.append(Item(vector, weight, [(start, start + HOP)], (start, start + HOP), label=speaker))
            self._number += 1
            told += self.tell()
        return told

    def tell(self, *, final=False):
        return list(self.speakers.tell(self.evidence, self._number / 4, final=final))


def names(events):
    return [dict(event.names) for event in events if isinstance(event, SpeakersNamed)]


def prints(events):
    return [dict(event.voiceprints) for event in events if isinstance(event, VoiceprintsMade)]


def test_whoever_is_recognized_is_named_and_strangers_are_not():
    session = Session()

    assert names(session.hear(0, 1)) == [{0: "Ben"}]
    assert names(session.hear(1, 9)) == []
    assert names(session.hear(2, 0)) == [{0: "Ben", 2: "Anna"}]


def test_a_name_is_not_told_of_a_syllable():
    assert names(Session().hear(0, 1, seconds=0.5)) == []


def test_no_two_speakers_have_the_same_name():
    session = Session()
    told = names([*session.hear(0, 1, 4), *session.hear(1, 1, 4)])

    assert told[0] == {0: "Ben"}
    assert all(len(set(each.values())) == len(each) for each in told)


def test_a_name_is_taken_back_when_labels_are_corrected():
    session = Session()
    session.hear(0, 1)
    for item in session.evidence.recent:
        item.label = 1
    told = names(session.hear(0, 9, 4))

    assert told[-1] == {1: "Ben"}


def test_a_session_without_known_voices_tells_no_names():
    session = Session(known=())

    assert session.hear(0, 1, 8) == []
    assert session.tell(final=True) == []


def test_voiceprints_are_told_from_five_seconds_on_and_when_there_is_more():
    session = Session(known=(), prints=True)

    assert prints(session.hear(0, 1, 4.5)) == []
    (first,) = prints(session.hear(0, 1, 2.5))
    assert first[0].seconds == pytest.approx(6, abs=0.01)
    assert (first[0].model, first[0].version) == ("test", 2)
    assert np.array(first[0].values) == pytest.approx(0.8 * DIRECTIONS[1], abs=1e-3)
    later = prints(session.hear(0, 1, 50))
    assert 2 <= len(later) <= 8
    assert [each[0].seconds for each in later] == sorted(each[0].seconds for each in later)


def test_all_voiceprints_are_told_at_the_end():
    session = Session(known=(), prints=True)
    session.hear(0, 1, 11)
    session.hear(1, 2, 7)
    session.hear(2, 3, 3)

    (told,) = prints(session.tell(final=True))
    assert set(told) == {0, 1}
    assert told[0].seconds == pytest.approx(11)


def test_a_print_that_is_out_of_date_is_told_again():
    session = Session(known=(), prints=True)
    session.hear(0, 1, 10)
    for item in session.evidence.recent:
        item.vector = (0.8 * DIRECTIONS[4] * item.weight).astype(np.float32)

    assert np.array(prints(session.hear(0, 4, 1.5) or session.hear(0, 4, 3.5))[-1][0].values) == pytest.approx(
        0.8 * DIRECTIONS[4], abs=1e-3
    )


def test_a_restored_session_goes_on_with_its_names():
    session = Session(prints=True)
    session.hear(0, 1, 6)
    restored = KnownSpeakers(session.info, PER_SECOND)
    restored.restore(session.speakers.snapshot())
    session.speakers = restored

    assert names(session.hear(0, 1, 4)) == []
    assert names(session.hear(1, 0, 4)) == [{0: "Ben", 1: "Anna"}]
