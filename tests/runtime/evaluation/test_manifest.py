import json

import pytest

from speaker_tracker.evaluation.manifest import ManifestError, read_manifest, select

GOOD = {"uri": "one", "audio": "one.flac", "rttm": "one.rttm", "num_speakers": 2, "group": "clean", "seconds": 4.0}


@pytest.fixture
def write(tmp_path):
    for name in ("one.flac", "one.rttm"):
        (tmp_path / name).touch()

    def write_entries(*entries):
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(entries))
        return path

    return write_entries


def without(key):
    return {name: value for name, value in GOOD.items() if name != key}


def sentence(path):
    with pytest.raises(ManifestError) as raised:
        read_manifest(path)
    return str(raised.value)


def test_paths_are_relative_to_the_manifest(write, tmp_path):
    conversation = read_manifest(write(GOOD | {"comment": "ignored"}))[0]
    assert (conversation.audio, conversation.rttm) == (tmp_path / "one.flac", tmp_path / "one.rttm")


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ({**GOOD, "num_speakers": 6}, "'num_speakers' cannot be 6: Input should be less than or equal to 5"),
        ({**GOOD, "seconds": 0}, "'seconds' cannot be 0: Input should be greater than 0"),
        (without("rttm"), "'rttm' is missing"),
    ],
)
def test_a_wrong_entry_is_named_with_what_is_wrong(write, entry, wrong):
    path = write({**GOOD, "uri": "zero"}, entry)
    assert sentence(path) == f"manifest {path}, entry 2 (one): {wrong}"


def test_an_entry_that_is_no_object_is_named(write):
    path = write("one")
    assert sentence(path) == f"manifest {path}, entry 1: must be an object with uri, audio, rttm, num_speakers, group, seconds"


def test_a_file_that_is_not_there_is_named(write, tmp_path):
    path = write({**GOOD, "audio": "none.flac"})
    assert sentence(path) == f"manifest {path}, entry 1 (one): 'audio' names {tmp_path / 'none.flac'}, which is no file"


def test_a_uri_stands_for_one_conversation(write):
    path = write(GOOD, GOOD)
    assert sentence(path) == f"manifest {path}, entry 2: uri 'one' is given twice"


def test_an_invalid_manifest_is_reported(write, tmp_path):
    assert sentence(tmp_path / "none.json") == f"there is no manifest {tmp_path / 'none.json'}"
    assert sentence(tmp_path) == f"manifest {tmp_path} cannot be read: Is a directory"
    (tmp_path / "text.json").write_text("[")
    assert sentence(tmp_path / "text.json").startswith(f"manifest {tmp_path / 'text.json'} is not JSON: ")
    path = write()
    assert sentence(path) == f"manifest {path} must be a JSON list of conversations, with one at least"


def test_groups_and_uris_are_chosen_from(write):
    conversations = read_manifest(write(GOOD, {**GOOD, "uri": "two", "group": "noisy"}, {**GOOD, "uri": "three", "group": "noisy"}))
    assert [c.uri for c in select(conversations, [], [])] == ["one", "two", "three"]
    assert [c.uri for c in select(conversations, ["noisy"], [])] == ["two", "three"]
    assert [c.uri for c in select(conversations, ["noisy"], ["one", "three"])] == ["three"]


@pytest.mark.parametrize(
    ("groups", "uris", "wrong"),
    [
        (["quiet"], [], "no conversation of the manifest has group 'quiet'; there are: clean"),
        ([], ["two"], "no conversation of the manifest has uri 'two'; there are: one"),
    ],
)
def test_a_selection_without_conversations_is_reported(write, groups, uris, wrong):
    with pytest.raises(ManifestError) as raised:
        select(read_manifest(write(GOOD)), groups, uris)
    assert str(raised.value) == wrong
