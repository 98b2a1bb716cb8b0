import pytest

from speaker_tracker.client import PartSpeaker
from speaker_tracker.client.people import USUAL_MAX_VOICES, People
from speaker_tracker.protocol import ErrorCode
from support.voices import known, voiceprint

ANNA = known("Anna", 1.0)


def sent(people):
    return [(voice.name, voice.voiceprint) for voice in people.start_fields["known_voices"] or ()]


def test_a_first_session_is_told_of_the_users_voices_alone():
    assert People().start_fields == {"voiceprints": False, "known_voices": None}
    people = People([ANNA], reconnects=True)
    assert people.start_fields == {"voiceprints": True, "known_voices": [ANNA]}
    assert not people.wants_voiceprints


def test_sessions_know_who_spoke_in_those_before_under_names_that_users_never_see():
    people = People([ANNA], reconnects=True)
    people.end_part(0, {1: "Anna"}, {0: voiceprint(2.0), 1: voiceprint(3.0)})
    (stranger, of_stranger), anna, (user_name, of_user) = sent(people)
    assert (of_stranger, anna) == (voiceprint(2.0), ("Anna", voiceprint(3.0)))
    assert (user_name, of_user) == ("Anna", ANNA.voiceprint)
    wire = {0: "Anna", 1: stranger, 2: "Ben"}
    assert people.shown(wire) == {0: "Anna", 2: "Ben"}
    assert people.same_as(wire) == {0: PartSpeaker(0, 1), 1: PartSpeaker(0, 0)}


def test_a_person_is_who_they_were_first_and_the_print_of_most_speech_is_theirs():
    people = People(reconnects=True)
    people.end_part(0, {}, {0: voiceprint(1.0, 20.0)})
    ((name, _),) = sent(people)
    people.end_part(1, {1: name}, {1: voiceprint(2.0, 10.0)})
    assert sent(people) == [(name, voiceprint(1.0, 20.0))]
    people.end_part(2, {3: name}, {3: voiceprint(3.0, 30.0)})
    assert sent(people) == [(name, voiceprint(3.0, 30.0))]
    assert people.same_as({4: name}) == {4: PartSpeaker(0, 0)}


def test_internal_names_are_nobodys_own():
    people = People([known("speaker 0 of part 0")], reconnects=True)
    people.end_part(0, {}, {0: voiceprint()})
    names = [name for name, _ in sent(people)]
    assert len(set(names)) == 2
    assert people.shown(dict(enumerate(names))) == {1: "speaker 0 of part 0"}


def test_the_users_voices_make_room_for_those_of_earlier_sessions():
    people = People([known(f"person {number}") for number in range(USUAL_MAX_VOICES)], reconnects=True)
    people.end_part(0, {}, {0: voiceprint(), 1: voiceprint()})
    assert len(sent(people)) == USUAL_MAX_VOICES
    assert sent(people)[-1][0] == f"person {USUAL_MAX_VOICES - 3}"


def test_as_many_as_the_user_brings_are_not_too_many():
    people = People([known(f"person {number}") for number in range(70)], reconnects=True)
    people.end_part(0, {}, {0: voiceprint()})
    assert len(sent(people)) == 70


@pytest.mark.parametrize("code", [ErrorCode.VOICEPRINT_MODEL, ErrorCode.INVALID_KNOWN_VOICES, ErrorCode.KNOWN_VOICES_OFF])
def test_prints_of_earlier_sessions_are_dropped_where_a_server_minds_and_then_the_users_own_are_refused(code):
    people = People([ANNA], reconnects=True)
    people.end_part(0, {}, {0: voiceprint()})
    assert people.do_without(code)
    assert sent(people) == [("Anna", ANNA.voiceprint)]
    assert not people.do_without(code)


def test_a_server_that_recognizes_nobody_is_asked_for_nothing_unless_the_user_did():
    people = People(reconnects=True)
    assert people.do_without("known_voices_off")
    assert people.start_fields == {"voiceprints": False, "known_voices": None}
    assert not people.do_without("known_voices_off")
    assert not People(voiceprints=True, reconnects=True).do_without("known_voices_off")
    assert not People([ANNA], reconnects=True).do_without("known_voices_off")


def test_other_errors_are_not_about_voices():
    people = People(reconnects=True)
    people.end_part(0, {}, {0: voiceprint()})
    assert not people.do_without("server_busy")
    assert len(sent(people)) == 1
