import pytest

from speaker_tracker.evaluation.known_voices.people import (
    MAX_VOICES,
    KnownHere,
    KnownPeopleError,
    known_here,
    read_people,
    voices_of,
)
from support.voices import voiceprint

PEOPLE = [f"person {number}" for number in range(30)]


def test_recordings_are_files_that_differ_after_the_last_hyphen(tmp_path):
    for name in ("anna/call.wav", "anna/talk-01.flac", "anna/talk-02.flac", "bert/1.wav", ".trash/1.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "carl").mkdir()
    people = read_people(tmp_path)
    files = {name: [[file.name for file in recording.files] for recording in own] for name, own in people.items()}
    assert files == {"anna": [["call.wav"], ["talk-01.flac", "talk-02.flac"]], "bert": [["1.wav"]]}


def test_a_recording_can_have_any_number_of_files(tmp_path):
    (tmp_path / "anna").mkdir()
    for number in range(40):
        (tmp_path / "anna" / f"talk-{number:02}.wav").touch()
    (recording,) = read_people(tmp_path)["anna"]
    assert len(recording.files) == 40


def test_a_folder_without_people_is_refused_with_what_it_should_hold(tmp_path):
    with pytest.raises(KnownPeopleError, match="has no folder with recordings; it must hold one folder for each person"):
        read_people(tmp_path)
    with pytest.raises(KnownPeopleError, match="nowhere is no folder; name a folder that holds one folder for each person"):
        read_people(tmp_path / "nowhere")


def test_those_who_talk_are_known_and_others_up_to_the_number():
    known = known_here("talk", {"person 3", "person 1", "guest"}, PEOPLE, 10)
    assert known.talkers[:2] == ("person 1", "person 3")
    assert len(set(known.talkers)) == len(set(known.strangers)) == 10
    assert not {"person 1", "person 3", "guest"} & set(known.strangers)


def test_the_choice_depends_on_the_conversation_alone():
    chosen = known_here("talk", {"person 1"}, PEOPLE, 10)
    assert known_here("talk", {"person 1"}, PEOPLE[::-1], 10) == chosen
    assert known_here("another", {"person 1"}, PEOPLE, 10).strangers != chosen.strangers


def test_there_are_as_many_as_there_are():
    both = known_here("talk", {"anna", "bert"}, ["anna", "bert"], 10)
    assert (both.talkers, both.strangers) == (("anna", "bert"), ())
    neither = known_here("talk", {"guest"}, ["anna"], 10)
    assert (neither.talkers, neither.strangers) == ((), ("anna",))
    assert len(known_here("talk", {"person 1", "person 2", "person 3"}, PEOPLE, 2).talkers) == 2


def test_whoever_has_no_voiceprint_is_not_known():
    known = KnownHere(("anna", "bert"), ("carl", "dora"), 10)
    assert known.only({"anna", "dora"}) == KnownHere(("anna",), ("dora",), 10)
    assert known.only({"dora"}).talkers == ()


def test_a_session_knows_as_many_prints_as_it_takes_of_each_those_of_most_speech():
    prints = {name: [voiceprint(seconds=5.0 + number) for number in range(8)] for name in PEOPLE[:10]}
    voices = voices_of(PEOPLE[:10], prints)
    assert len(voices) == MAX_VOICES == 50
    assert [voice.voiceprint.seconds for voice in voices[:5]] == [12.0, 11.0, 10.0, 9.0, 8.0]
    assert [voice.name for voice in voices_of(PEOPLE[:1], prints)] == ["person 0"] * 8
    assert voices_of((), prints) == ()
