"""The recipe from speech to model folder, on the project's own voices and for a few steps."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from speaker_tracker_stages.speechbrain_embedding.encoder import load_encoder
from support.known_conversation import DATA, read_conversation

pytestmark = pytest.mark.slow

RECIPE = Path(__file__).parents[3] / "stages" / "ecapa_mini"
RATE = 16_000
NETWORK = {"channels": 32, "aggregate_channels": 32, "front_channels": 4, "lin_neurons": 256}


def run(script, *arguments):
    command = [sys.executable, str(RECIPE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def alone(number):
    """What one voice says alone."""
    conversation = read_conversation(DATA / "conversation.flac", DATA / "conversation.rttm")
    return conversation.samples[conversation.speakers[number] & (conversation.speakers.sum(axis=0) == 1)]


@pytest.fixture(scope="module")
def speakers(tmp_path_factory):
    """A folder of speech as the recipe takes it, and one of utterances to verify."""
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "speech").mkdir()
    for number, name in enumerate(["read_anna", "read_bert", "unlabelled_00"]):
        voice = alone(number)
        soundfile.write(folder / "speech" / f"{name}.flac", voice, RATE)
        own = folder / "verification" / name
        own.mkdir(parents=True)
        for part in range(3):
            soundfile.write(own / f"{part}.flac", voice[part * 2 * RATE : (part + 1) * 2 * RATE], RATE)
    soundfile.write(folder / "noise.flac", np.random.default_rng(0).normal(0, 0.1, 8 * RATE), RATE)
    return folder


@pytest.fixture(scope="module")
def work(speakers):
    run("prepare.py", speakers / "speech", speakers / "noise.flac", speakers / "work", "--variants", 3)
    return speakers / "work"


def train(work, run_folder, speakers, minutes):
    verification = ["--verification", speakers / "verification"] if minutes > 0.05 else []
    arguments = ["--minutes", minutes, "--batch", 16, "--processes", 2, "--network", json.dumps(NETWORK), *verification]
    return run("train.py", work, run_folder, *arguments)


def test_every_variant_is_prepared_with_its_length(work):
    index = json.loads((work / "index.json").read_text())

    assert index["files"] == ["read_anna", "read_bert", "unlabelled_00"]
    for own, slow, fast in index["samples"]:
        assert own / 1.01 < slow < own / 0.75
        assert own / 1.33 < fast < own / 0.99
    for variant in range(3):
        assert (work / f"speech.{variant:02}.i16").stat().st_size == 2 * sum(lengths[variant] for lengths in index["samples"])


@pytest.fixture
def recipe(monkeypatch):
    """The recipe's own modules can be imported."""
    monkeypatch.syspath_prepend(str(RECIPE))


@pytest.mark.usefixtures("recipe")
def test_formants_move_and_the_pitch_stays():
    from voices import KNOTS_HZ, move_formants  # noqa: PLC0415

    time = np.arange(2 * RATE) / RATE
    pulses = np.diff(np.floor(120 * time), prepend=0.0)
    resonance = np.exp(-400 * time[:800]) * np.sin(2 * np.pi * 1000 * time[:800])
    vowel = (0.3 * np.convolve(pulses, resonance)[: 2 * RATE]).astype(np.float32)

    moved = move_formants(vowel, (1.15,) * len(KNOTS_HZ))

    assert moved.shape == vowel.shape
    spectrum = np.abs(np.fft.rfft(moved * np.hanning(len(moved))))
    strongest = spectrum.argmax() / 2
    assert strongest == pytest.approx(1150, abs=70)
    assert strongest % 120 == pytest.approx(0, abs=1) or strongest % 120 == pytest.approx(120, abs=1)
    np.testing.assert_allclose(move_formants(vowel, (1.0,) * len(KNOTS_HZ)), vowel, atol=1e-5)


@pytest.mark.usefixtures("recipe")
def test_the_first_voice_is_the_speaker_and_others_last_as_long_as_their_speed_says():
    from voices import AS_IT_IS, draw_voice, in_voice  # noqa: PLC0415

    samples = alone(0)[: 2 * RATE]
    assert in_voice(samples, AS_IT_IS) is samples
    for part in range(3):
        voice = draw_voice(np.random.default_rng(part), part, 3)
        assert len(in_voice(samples, voice)) == pytest.approx(len(samples) / voice.speed, abs=2)


def test_a_run_goes_on_where_it_stopped_and_becomes_a_model_that_loads(work, speakers, tmp_path):
    first = json.loads(train(work, tmp_path / "run", speakers, 0.03).splitlines()[-1])
    second = json.loads(train(work, tmp_path / "run", speakers, 0.08).splitlines()[-1])
    assert 0 < first["step"] < second["step"]
    assert 0 <= second["eer"] <= 100

    checkpoint = tmp_path / "run" / "checkpoint.pt"
    run("export.py", checkpoint, tmp_path / "alone")
    run("export.py", checkpoint, checkpoint, tmp_path / "model", "--shares", 0.3, 0.7)
    alone, mean = (torch.load(tmp_path / name / "embedding_model.ckpt", weights_only=True) for name in ("alone", "model"))
    assert all(torch.allclose(mean[name].float(), weights.float()) for name, weights in alone.items())
    run("calibrate.py", tmp_path / "model", speakers / "verification", "--name", "tiny")

    calibration = json.loads((tmp_path / "model" / "calibration.json").read_text())
    assert (calibration["name"], calibration["dimension"]) == ("tiny", 256)
    assert load_encoder(tmp_path / "model").encode_batch(torch.zeros(1, RATE)).shape == (1, 1, 256)


def test_with_a_teacher_embeddings_learn_what_it_says(work, speakers, tmp_path):
    index = json.loads((work / "index.json").read_text())
    recording = 0
    for variant in range(3):
        rows = [(recording + number, start) for number, lengths in enumerate(index["samples"])
                for start in range(0, lengths[variant] - 25_600, 12_800)]  # fmt: skip
        recording += len(index["files"])
        places = np.random.default_rng(5).random((len(index["files"]), 256))
        taught = np.stack([places[row[0] % len(index["files"])] for row in rows])
        np.savez(
            work / f"teacher.{variant:02}.npz",
            recording=np.array([row[0] for row in rows], np.int32),
            start=np.array([row[1] for row in rows], np.int32),
            embedding=(taught + np.random.default_rng(6).normal(0, 0.05, taught.shape)).astype(np.float16),
        )
    try:
        train(work, tmp_path / "run", speakers, 0.3)
    finally:
        for variant in range(3):
            (work / f"teacher.{variant:02}.npz").unlink()

    (line,) = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert line["distillation"] < 0.9  # 1 is what chance gives


@pytest.mark.usefixtures("recipe")
def test_the_teacher_gives_embeddings_of_unit_length_from_weights_in_its_own_layout(tmp_path):
    from teach import Teacher  # noqa: PLC0415

    torch.manual_seed(0)
    lstm, linear = torch.nn.LSTM(40, 256, 3, batch_first=True), torch.nn.Linear(256, 256)
    state = {f"lstm.{name}": value for name, value in lstm.state_dict().items()}
    state |= {f"linear.{name}": value for name, value in linear.state_dict().items()}
    torch.save({"model_state": {**state, "similarity_weight": torch.ones(1)}}, tmp_path / "pretrained.pt")
    teacher = Teacher()
    teacher.load(tmp_path / "pretrained.pt")

    loud = torch.from_numpy(alone(0)[None, :RATE].copy())
    embedding = teacher.embed(loud)
    assert embedding.shape == (1, 256)
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(1))
    torch.testing.assert_close(teacher.embed(loud / 100), teacher.embed(loud / 1000), atol=1e-4, rtol=1e-3)
