import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from support.known_conversation import DATA, read_conversation

pytestmark = pytest.mark.usefixtures("clean_environment")

RATE = 16_000


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """The three voices of the project's own conversation, three seconds a file."""
    folder = tmp_path_factory.mktemp("voices")
    conversation = read_conversation(DATA / "conversation.flac", DATA / "conversation.rttm")
    for number, speaks in enumerate(conversation.speakers):
        alone = conversation.samples[speaks & (conversation.speakers.sum(axis=0) == 1)]
        (folder / str(number)).mkdir()
        for part in range(4):
            soundfile.write(folder / str(number) / f"{part}.flac", alone[part * 3 * RATE : (part + 1) * 3 * RATE], RATE)
    return folder


def run(*arguments):
    return CliRunner().invoke(main, ["evaluate-embedding", *map(str, arguments)])


def test_clearly_different_voices_are_told_apart_under_every_condition(voices, tmp_path):
    noise = tmp_path / "noise.wav"
    soundfile.write(noise, np.random.default_rng(0).normal(0, 0.1, 5 * RATE), RATE)

    result = run(voices, "--seconds", 1.5, "--noise", noise, "--snr", 20, "--line-rate", 8000, "--json")

    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (document["stage"], document["model"]) == ("speechbrain_embedding", "ecapa-mini")
    assert (document["speakers"], document["utterances"]) == (3, 12)
    found = {(figure["condition"], figure["normalization"]): figure for figure in document["figures"]}
    assert len(found) == 6
    # Two windows a file: 3 speakers x 6 pairs of files x 4 pairs of windows, 3 pairs of speakers x 8 x 8 windows.
    assert {(figure["sameSpeakerTrials"], figure["differentSpeakerTrials"]) for figure in found.values()} == {(72, 192)}
    assert found["clean", "window"]["equalErrorRate"] <= 0.1
    assert found["clean", "session"]["equalErrorRate"] <= 0.1
    assert all(figure["equalErrorRate"] <= 0.3 for figure in found.values())


def test_the_table_has_a_row_for_each_length_and_fits_a_terminal(voices):
    result = run(voices, "--seconds", 1, "--seconds", 2, "--normalization", "window")

    assert result.exit_code == 0, result.output
    rows = [line.split()[1:3] for line in result.stdout.splitlines() if line.strip().startswith("clean")]
    assert rows == [["1", "s"], ["2", "s"]]
    assert "context" not in result.stdout
    assert "12 utterances of 3 speakers" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_model_is_that_of_the_settings(voices, monkeypatch, tmp_path):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SPEECHBRAIN_EMBEDDING__SOURCE", str(tmp_path))

    result = run(voices)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: stage 'speechbrain_embedding' cannot be loaded: ")
    assert str(tmp_path) in result.stderr


def test_windows_longer_than_every_file_are_reported(voices):
    result = run(voices, "--seconds", 4)

    assert result.exit_code == 1
    assert result.stderr == ("Error: too few utterances are 4 s long: voices need two each to be compared; try less --seconds\n")


def test_a_folder_of_anything_else_is_reported(tmp_path):
    result = run(tmp_path)

    assert result.exit_code == 1
    assert "has 0 folders of speakers; it must hold one folder for each speaker" in result.stderr


@pytest.mark.usefixtures("scripted_chain")
def test_a_chain_without_a_voice_model_is_reported(voices, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", '["scripted"]')

    result = run(voices)

    assert result.exit_code == 1
    assert result.stderr == "Error: no stage in SPEAKER_TRACKER_STAGES produces VoiceEmbedding, so there is nothing to measure\n"
