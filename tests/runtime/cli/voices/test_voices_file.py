import json
from datetime import date

import pytest

from speaker_tracker.cli.voices.voices_file import (
    MAX_PRINTS,
    Voices,
    VoicesFileError,
    default_path,
    exposure,
    read_voices,
    read_voices_if_any,
    write_voices,
)
from speaker_tracker.errors import UserError
from support.voices import voiceprint

TODAY = date(2026, 11, 28)


def voices(*people):
    found = Voices()
    for number, name in enumerate(people):
        found = found.with_print(name, voiceprint(number + 1.0), TODAY)
    return found


@pytest.fixture
def path(tmp_path):
    return tmp_path / "voices.json"


def test_what_is_written_is_read_back_and_is_for_its_owner_alone(path):
    written = voices("Anna", "Ben", "Anna")
    write_voices(path, written)
    assert read_voices(path) == written
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]
    document = json.loads(path.read_text())
    assert {name: value for name, value in document.items() if name != "voices"} == {
        "format": "speaker-tracker voices",
        "version": 1,
        "model": "ecapa-mini",
        "model_version": 1,
    }
    assert document["voices"][1] == {"name": "Ben", "voiceprint": voiceprint(2.0).model_dump(), "added": "2026-11-28"}


def test_names_of_all_scripts_stay_legible(path):
    write_voices(path, voices("Žofie 李"))
    assert "Žofie 李" in path.read_text(encoding="utf-8")
    assert read_voices(path).names == ["Žofie 李"]


def test_of_a_person_the_newest_prints_are_kept():
    kept = voices("Ben", *["Anna"] * (MAX_PRINTS + 2))
    places = [one.voice.voiceprint.values[0] for one in kept.prints_of("Anna")]
    assert places == [4.0, 5.0, 6.0, 7.0, 8.0]
    assert len(kept.prints_of("Ben")) == 1


def test_one_model_is_in_a_file():
    with pytest.raises(
        VoicesFileError, match=r"'ecapa-mini', version 1, and this one is of 'campplus', version 1; .* another file$"
    ):
        voices("Anna").with_print("Ben", voiceprint(model="campplus"), TODAY)
    emptied = voices("Anna").without(["Anna"])
    assert emptied.with_print("Ben", voiceprint(model="campplus"), TODAY).model == ("campplus", 1)


def test_if_there_is_room_for_few_the_newest_of_each_name_are_first():
    sent = voices("Anna", "Anna", "Ben", "Carla", "Ben").to_send(4)
    assert [(voice.name, voice.voiceprint.values[0]) for voice in sent] == [("Ben", 5), ("Carla", 4), ("Anna", 2), ("Ben", 3)]


def test_the_default_place_is_that_of_data_of_programs(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path() == tmp_path / "speaker-tracker" / "voices.json"
    write_voices(default_path(), voices("Anna"))
    assert default_path().parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_not_there_is_an_error_only_where_it_must_be(path):
    assert read_voices_if_any(path) == Voices()
    with pytest.raises(
        VoicesFileError, match=r"there is no voices file .*voices\.json; make one by `speaker-tracker enroll NAME AUDIO`"
    ):
        read_voices(path)


ENTRY = {"name": "Anna", "voiceprint": voiceprint().model_dump(), "added": "2026-11-28"}
HEAD = {"format": "speaker-tracker voices", "version": 1, "model": "ecapa-mini", "model_version": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("RIFF", "is no voices file: it is not JSON; make one by"),
        ("[1]", "is no voices file: its format is not 'speaker-tracker voices'"),
        ('{"format": "other"}', "is no voices file: its format is not"),
        ({**HEAD, "version": 2, "voices": []}, "is a voices file of version 2, and this program reads version 1"),
        ({**HEAD, "voices": {}}, "is damaged: its voices are no list"),
        ({**HEAD, "voices": [ENTRY, {**ENTRY, "name": " "}]}, r"is damaged: voices\[1\].name: it is empty"),
        ({**HEAD, "voices": [{**ENTRY, "added": "yesterday"}]}, r"voices\[0\].added must be a day such as 2026-11-28"),
        ({**HEAD, "voices": [{"name": "Anna", "voiceprint": ENTRY["voiceprint"]}]}, r"voices\[0\].added must be a day"),
        ({**HEAD, "voices": [{**ENTRY, "voiceprint": {**ENTRY["voiceprint"], "vector": "AH4="}}]}, "no numbers"),
        (
            {**HEAD, "model": "campplus", "voices": [ENTRY]},
            "of the voice model 'ecapa-mini', version 1, and the file is for 'campplus'",
        ),
        ({**HEAD, "voices": ["Anna"]}, r"is damaged: voices\[0\]: Input should be"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(path, content, message):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(VoicesFileError, match=message) as raised:
        read_voices(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_text_is_said_to_be_none(path):
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(VoicesFileError, match="it is not UTF-8 text"):
        read_voices(path)


def test_where_nothing_can_be_written_nothing_is(tmp_path):
    with pytest.raises(UserError, match="is a folder; name a file"):
        write_voices(tmp_path, voices("Anna"))
    with pytest.raises(UserError, match="there is no folder"):
        write_voices(tmp_path / "missing" / "voices.json", voices("Anna"))
    with pytest.raises(UserError, match="/dev/null is no regular file"):
        write_voices(type(tmp_path)("/dev/null"), voices("Anna"))


def test_a_file_that_others_may_read_is_told_of(path):
    assert exposure(path) == ""
    write_voices(path, voices("Anna"))
    assert exposure(path) == ""
    path.chmod(0o644)
    assert (
        exposure(path)
        == f"other users of this machine may use {path}, as its mode is 644, and voices are personal: chmod 600 {path}"
    )
