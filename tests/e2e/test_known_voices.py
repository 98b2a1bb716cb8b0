"""Voices known again, by the command line and the Python client, with servers and chains as they come."""

import json
import subprocess
import sys
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile

from speaker_tracker.cli.voices.voices_file import read_voices
from speaker_tracker.client import Reconnected, TimelineUpdate, TrackerClient, Voiceprints
from speaker_tracker.evaluation.utterances import read_samples
from support.client_harness import PATIENCE, PATIENT, until
from support.known_conversation import DATA
from support.scenes import Scene, chapters, readers
from support.shared_data import needs_shared_data

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

DIALOGUE = DATA / "dialogue.flac"


@pytest.fixture(autouse=True)
def data_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def alone(dialogue, tmp_path):
    """Writes what one speaker of the dialogue says, from the first seconds of it on, at most so many."""

    def write(who, seconds=100.0, then=()):
        parts = [(who, seconds), *then]
        samples = [dialogue.samples[dialogue.speakers[speaker]][: int(16_000 * length)] for speaker, length in parts]
        path = tmp_path / f"speaker-{who}.wav"
        soundfile.write(path, np.concatenate(samples), 16_000, subtype="PCM_16")
        return path

    return write


def run(*arguments, **options):
    command = [sys.executable, "-m", "speaker_tracker", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL, **options)


def done(*arguments):
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_who_is_enrolled_from_recordings_is_named_in_a_conversation_and_forgotten(server, alone):
    told = done("enroll", "Ada", alone(0))
    assert "of it in the voiceprint" in told
    assert "Ada is known by 1 voiceprint, in " in told

    document = json.loads(done("stream", DIALOGUE, "--url", server.url, "--voices", "--json"))
    assert [speaker.get("name") for speaker in document["speakers"]] == ["Ada", None]
    assert {segment.get("name") for segment in document["segments"] if segment["speakerId"] == 0} == {"Ada"}
    lines = [json.loads(line) for line in done("stream", DIALOGUE, "--url", server.url, "--voices").splitlines()]
    assert "Ada" in {line.get("currentName") for line in lines if line["event"] == "speaker"}

    done("enroll", "Ben", alone(1))
    rttm = done("diarize", DIALOGUE, "--voices", "--format", "rttm")
    assert {line.split()[7] for line in rttm.splitlines()} == {"Ada", "Ben"}
    checked = json.loads(done("voices", "check", DIALOGUE, "--json"))
    assert [person["name"] for person in checked["known"]] == ["Ada", "Ben"]
    assert [person["totalTimeMs"] for person in checked["known"]] == pytest.approx([19_500, 14_000], rel=0.15)
    assert checked["unknown"] == {"totalTimeMs": 0, "voices": 0}

    done("voices", "forget", "Ada")
    assert "1 unknown voice speaks, for 0:1" in done("voices", "check", DIALOGUE)
    assert "vector" not in "".join(server.log)


def test_speakers_of_a_session_are_learned_and_known_in_the_next_one(server, tmp_path):
    path = tmp_path / "voices.json"
    result = run("stream", DIALOGUE, "--url", server.url, "--learn", path, "--learn-as", "0=Ada", "--learn-as", "1=Ben")
    assert result.returncode == 0, result.stderr
    assert "Speaker 1 is known as Ben from now on, by " in result.stderr
    assert "vector" not in result.stdout
    assert read_voices(path).names == ["Ada", "Ben"]
    document = json.loads(done("diarize", DIALOGUE, "--voices", path, "--json"))
    assert [speaker["name"] for speaker in document["speakers"]] == ["Ada", "Ben"]

    learned = done("diarize", DIALOGUE, "--voices", path, "--learn-as", "1=Ben", "--format", "csv")
    assert {tuple(line.split(",")[4:]) for line in learned.splitlines()[1:]} == {("0", "Ada"), ("1", "Ben")}
    assert len(read_voices(path).prints_of("Ben")) == 2


def test_recordings_that_no_voice_can_be_known_by_are_refused_and_nothing_is_kept(alone, tmp_path):
    path = tmp_path / "voices.json"
    whole = run("enroll", "Ada", alone(0), DIALOGUE, "--voices", path)
    assert (whole.returncode, whole.stdout) == (1, "")
    assert f"{DIALOGUE} has more than one voice: one speaks for 1" in whole.stderr
    short = run("enroll", "Ada", alone(0, 4.0), "--voices", path)
    assert "has too little speech: 4.0 s, of which less than 5 s are clear" in short.stderr
    interrupted = run("enroll", "Ada", alone(0, 14.0, then=[(1, 4.0)]), "--voices", path)
    assert "has more than one voice" in interrupted.stderr
    assert not path.exists()


def test_a_server_that_recognizes_nobody_says_so_to_those_who_ask_and_serves_the_others(start_server, alone):
    done("enroll", "Ada", alone(0))
    server = start_server(known_voices=False)
    refused = run("stream", DIALOGUE, "--url", server.url, "--voices")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: the server says: this server recognizes no voices")
    assert json.loads(done("stream", DIALOGUE, "--url", server.url).splitlines()[-1])["event"] == "report"


def samples_of(dialogue):
    return (dialogue.samples * 32767).astype("<i2")


async def test_two_people_stay_two_when_the_connection_breaks_and_the_session_cannot_be_resumed(start_server, dialogue):
    server = start_server(resume_store="off")
    known = []
    async with TrackerClient(server.url, voiceprints=True, reconnect=PATIENT) as client:
        await client.send(samples_of(dialogue))
        await until(
            client, lambda event: isinstance(event, Voiceprints) and (known.extend(event.voiceprints) or {0, 1} <= {*known})
        )
        await until(client, lambda event: isinstance(event, TimelineUpdate) and event.audio_ms > 38_000)
        client._connection._websocket.transport.abort()
        await until(client, lambda event: isinstance(event, Reconnected))
        await client.send(samples_of(dialogue))
        report = await client.stop()
    first, second = report.parts
    assert set(first.voiceprints) == {0, 1}
    # Whose last words were sent again is heard first in the second part, so its numbers may be the other way round.
    assert {person.part for person in second.same_as.values()} == {0}
    spoken = {person.speaker: second.speaking_ms[speaker] for speaker, person in second.same_as.items()}
    assert spoken == pytest.approx(first.speaking_ms, abs=3500)
    assert (first.names, second.names) == ({}, {})


def test_the_command_line_counts_two_people_where_its_server_is_started_again(start_server, unused_tcp_port, dialogue, tmp_path):
    server = start_server("--port", str(unused_tcp_port))
    command = ["stream", "-", "--url", server.url, "--rttm", tmp_path / "a.rttm"]
    with subprocess.Popen(
        [sys.executable, "-m", "speaker_tracker", *map(str, command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=False,
    ) as process:
        pcm = samples_of(dialogue).tobytes()
        process.stdin.write(pcm)
        process.stdin.flush()
        heard(process, lambda message: message["event"] == "timeline" and message["audioMs"] > 38_500)
        server.process.kill()
        server.wait(PATIENCE)
        heard(process, lambda message: message["event"] == "disconnected")
        again = start_server("--port", str(urlsplit(server.url).port))
        assert again.url == server.url
        printed, told = process.communicate(pcm, timeout=PATIENCE)
    report = json.loads(printed.splitlines()[-1])
    assert process.returncode == 0, told
    assert [speaker["id"] for speaker in report["speakers"]] == [0, 1]
    assert b"speakers 0, 1 were known again, and others are numbered from 2 on" in told
    assert b"speaker 0 of part" not in printed
    assert {line.split()[7] for line in (tmp_path / "a.rttm").read_text().splitlines()} == {"speaker_0", "speaker_1"}


def heard(process, wanted):
    while line := process.stdout.readline():
        if wanted(json.loads(line)):
            return
    raise AssertionError(process.stderr.read())


@needs_shared_data
def test_readers_are_enrolled_from_one_recording_and_known_in_another(tmp_path):
    recordings = {reader: [files for files in chapters(reader).values() if len(files) >= 8] for reader in readers()}
    people = [reader for reader, files in recordings.items() if len(files) > 1][:4]
    for reader in people[:3]:
        done("enroll", f"reader {reader}", read_by(reader, recordings[reader][0][:4]).write(tmp_path / f"{reader}.wav"))
    meeting = Scene()
    for turn in range(3):
        for reader in people:
            meeting.add(read_samples(recordings[reader][1][turn]), reader)
    checked = json.loads(done("voices", "check", meeting.write(tmp_path / "meeting.wav"), "--json"))
    heard = {person["name"]: person["totalTimeMs"] / 1000 for person in checked["known"]}
    assert heard == pytest.approx({f"reader {reader}": meeting.seconds[reader] for reader in people[:3]}, rel=0.3)
    assert checked["unknown"]["totalTimeMs"] / 1000 == pytest.approx(meeting.seconds[people[3]], rel=0.3)


def read_by(reader, files):
    scene = Scene()
    for file in files:
        scene.add(read_samples(file), reader)
    return scene
