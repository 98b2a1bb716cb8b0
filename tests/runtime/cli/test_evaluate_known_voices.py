import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main

pytest.importorskip("pyannote.metrics")

NAMING_STAGE = Path(__file__).parents[2] / "support" / "naming_stage.py"
TURNS = [(1, None), (6, 0), (6, 1), (6, 0), (6, 1), (1, None)]
RTTM = "".join(
    f"SPEAKER {{uri}} 1 {start}.0 6.0 <NA> <NA> {who} <NA> <NA>\n"
    for start, who in ((1, "anna"), (7, "bert"), (13, "anna"), (19, "bert"))
)


@pytest.fixture
def naming_chain(scripted_chain, site, monkeypatch):  # noqa: ARG001 - what the stage builds on
    site.install(
        "naming_plugin", NAMING_STAGE.read_text(), distribution="naming-dist", entry_points={"naming-plugin": "naming_plugin"}
    )
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", '["naming"]')


@pytest.fixture
def manifest(tmp_path, write_audio):
    entries = []
    for uri in ("one", "two"):
        audio = write_audio(f"{uri}.wav", TURNS)
        (tmp_path / f"{uri}.rttm").write_text(RTTM.format(uri=uri))
        entries.append(
            {"uri": uri, "audio": audio.name, "rttm": f"{uri}.rttm", "num_speakers": 2, "group": uri * 2, "seconds": 26.0}
        )
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(entries))
    return path


@pytest.fixture
def people(tmp_path, write_audio):
    """Recordings of Anna and Bert, who talk, and of three who do not, whose levels are Anna's and two others."""
    for name, who in {"anna": 0, "bert": 1, "carl": 0, "dora": 2, "ella": 3}.items():
        (tmp_path / "people" / name).mkdir(parents=True)
        turns = [(1, None), (8, min(who, 1)), (1, None)]
        write_audio(f"people/{name}/talk.wav", turns)
    return tmp_path / "people"


def run(*arguments):
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def document(*arguments):
    done = run(*arguments, "--json", "--jobs", 1)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.usefixtures("naming_chain")
class TestKnownVoices:
    def test_those_who_talk_are_called_by_their_names(self, manifest, people):
        for name in ("carl", "dora", "ella"):
            (people / name / "talk.wav").unlink()
        figures = document(manifest, "--known", people)
        assert figures["groups"]["all"]["names"] == {
            "people": 4,
            "within3Seconds": 1,
            "medianSeconds": 0.5,
            "speech": {"right": 1, "wrong": 0, "none": 0, "totalSeconds": 48},
        }
        assert figures["groups"]["all"]["strangers"]["people"] == 0
        assert figures["files"][0]["known"] == [{"name": name, "seconds": 12, "toldAfterSeconds": 0.5} for name in ("anna", "bert")]

    def test_strangers_who_sound_like_a_known_person_are_called_by_a_name(self, manifest, people):
        figures = document(manifest, "--known", people)["groups"]["all"]
        # Of those who do not talk, Carl sounds like Anna, and the other two like Bert.
        assert figures["strangers"] == {
            "people": 4,
            "called": {"ever": 1, "final": 1},
            "timeCalled": {"ever": 1, "final": 1},
            "totalSeconds": 48,
        }

    def test_errors_are_told_with_nobody_known_and_with_those_who_talk(self, manifest, people, monkeypatch):
        monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__NAMING__HASTY", "true")
        figures = document(manifest, "--known", people)["groups"]["oneone"]
        for known in ("nobodyKnown", "talkersKnown"):
            assert figures[known]["online"]["confusion"] == 0.5
            assert figures[known]["final"] == {"der": 0, "missed": 0, "falseAlarm": 0, "confusion": 0, "totalSeconds": 24}

    def test_a_recording_that_is_not_fit_is_noted_and_its_person_unknown(self, manifest, people, write_audio):
        write_audio("people/anna/talk.wav", [(1, None), (8, 0), (8, 1)])
        write_audio("people/bert/talk.wav", [(1, None), (4, 1)])
        done = run(manifest, "--known", people, "--json", "--jobs", 1)
        assert done.exit_code == 0, done.stderr
        assert "Note: no voiceprint of anna: " in done.stderr
        assert "has more than one voice: one speaks for 8.0 s, and others for 8.0 s" in done.stderr
        assert "Note: no voiceprint of bert: " in done.stderr
        assert "has too little speech" in done.stderr
        assert "Note: nobody who talks is known: the references name anna, bert, and the folders in " in done.stderr
        assert json.loads(done.stdout)["groups"]["all"]["names"]["people"] == 0

    def test_a_voiceprint_is_of_the_seconds_that_are_asked_for(self, manifest, people, write_audio):
        write_audio("people/anna/talk.wav", [(1, None), (8, 0), (8, 1)])
        assert document(manifest, "--known", people, "--known-seconds", 9)["groups"]["all"]["names"]["people"] == 4

    def test_files_of_a_recording_are_one_voiceprint(self, manifest, people, write_audio):
        (people / "anna" / "talk.wav").unlink()
        for number in range(2):
            write_audio(f"people/anna/call-{number}.wav", [(3, 0)])
        assert document(manifest, "--known", people)["groups"]["all"]["names"]["people"] == 4

    def test_so_many_are_known(self, manifest, people):
        figures = document(manifest, "--known", people, "--known-voices", 1)
        assert [[person["name"] for person in file["known"]] for file in figures["files"]] == [["anna"], ["anna"]]

    def test_the_tables_have_every_group_and_fit_a_terminal_of_100_columns(self, manifest, people):
        done = run(manifest, "--known", people, "--verbose", "--jobs", 1)
        assert done.exit_code == 0, done.stderr
        rows = [line.split() for line in done.stdout.splitlines()]
        all_names, all_errors = (row for row in rows if row[:1] == ["all"])
        assert all_names == ["all", "2", "4", "100.0", "0.5", "100.0", "0.0", "0.0", "4", *["100.0"] * 4]
        assert all_errors == ["all", *["0.0"] * 8]
        assert sum(row[:1] == ["two"] for row in rows) == 2
        assert max(map(len, done.stdout.splitlines())) <= 100

    def test_several_processes_give_the_same_as_one(self, manifest, people):
        alone = document(manifest, "--known", people)
        shared = run(manifest, "--known", people, "--json", "--jobs", 2)
        assert json.loads(shared.stdout) == alone


@pytest.mark.usefixtures("naming_chain")
class TestCuts:
    def test_people_are_known_again_by_the_prints_of_the_first_part(self, manifest):
        figures = document(manifest, "--cut")
        for file in figures["files"]:
            assert 0.3 * 26 <= file["cutAtSeconds"] <= 0.7 * 26
        people = figures["groups"]["all"]["people"]
        assert people["matched"] == people["total"] >= 2
        assert figures["groups"]["all"]["speech"]["right"] == pytest.approx(1, abs=0.01)

    def test_the_table_has_every_group(self, manifest):
        done = run(manifest, "--cut", "--verbose", "--jobs", 1)
        assert done.exit_code == 0, done.stderr
        rows = [line.split() for line in done.stdout.splitlines()]
        assert [row[0] for row in rows if row[1:2] in (["1"], ["2"])] == ["one", "two", "oneone", "twotwo", "all"]
        assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.usefixtures("scripted_chain")
@pytest.mark.parametrize("arguments", [["--known", "people"], ["--cut"]])
def test_a_chain_that_recognizes_no_voices_is_an_error(manifest, people, arguments):
    done = run(manifest, *(people if each == "people" else each for each in arguments), "--jobs", 1)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: this chain of stages recognizes no voices and makes no voiceprints; use the default one")


@pytest.mark.usefixtures("naming_chain")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--known-voices", "5"], "--known-voices and --known-seconds go with --known DIR"),
        (["--known", ".", "--cut"], "measure different things; choose one of them"),
        (["--cut", "--oracle"], "measure different things; choose one of them"),
        (["--known", ".", "--confidence"], "measure different things; choose one of them"),
        (["--known", ".", "--known-voices", "51"], "51 is not in the range 1<=x<=50"),
        (["--known", ".", "--known-seconds", "2"], "2.0 is not in the range 5.0<=x<=600.0"),
    ],
)
def test_wrong_usage_is_told(manifest, arguments, message):
    done = run(manifest, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
