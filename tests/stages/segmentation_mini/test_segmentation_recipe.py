"""The recipe from speech to weights, on the project's own voices and for a few steps; and what its parts promise."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
import soundfile
import torch

from speaker_tracker_plugins.pyannote_segmentation.network import SegmentationNetwork
from speaker_tracker_stages.speaker_segmentation.features import log_mel
from speaker_tracker_stages.speaker_segmentation.network import SegmentationMini, initial_state
from support.known_conversation import DATA, read_conversation

pytestmark = pytest.mark.slow

RECIPE = Path(__file__).parents[3] / "stages" / "segmentation_mini"
RATE = 16_000


def run(script, *arguments):
    command = [sys.executable, str(RECIPE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def _recipe(monkeypatch):
    """The recipe's own modules can be imported."""
    monkeypatch.syspath_prepend(str(RECIPE))


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Three voices, prepared."""
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "speech").mkdir()
    conversation = read_conversation(DATA / "conversation.flac", DATA / "conversation.rttm")
    for number, name in enumerate(["read_anna", "read_bert", "read_carl"]):
        alone = conversation.samples[conversation.speakers[number] & (conversation.speakers.sum(axis=0) == 1)]
        soundfile.write(folder / "speech" / f"{name}.flac", alone, RATE)
    soundfile.write(folder / "noise.flac", np.random.default_rng(0).normal(0, 0.1, 8 * RATE), RATE)
    run("prepare.py", folder / "speech", folder / "noise.flac", folder / "work")
    return folder / "work"


@pytest.mark.usefixtures("_recipe")
def test_speech_is_prepared_file_after_file(work):
    index = json.loads((work / "speech.json").read_text())

    assert [name for name, _, _ in index] == ["read_anna", "read_bert", "read_carl"]
    assert [first for _, first, _ in index[1:]] == list(np.cumsum([samples for _, _, samples in index])[:-1])
    assert (work / "speech.i16").stat().st_size == 2 * sum(samples for _, _, samples in index)


@pytest.mark.usefixtures("_recipe")
def test_training_goes_on_where_it_stopped_and_is_exported(work, tmp_path):
    for steps in (1, 3):
        run("train.py", work, tmp_path / "run", "--batch", 2, "--held-out", 1, "--steps", steps)
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]

    run("export.py", tmp_path / "run" / "checkpoint.pt", tmp_path / "model", "--without-onnx")

    assert [line["step"] for line in log] == [1, 3]
    assert log[1]["minutes"] > log[0]["minutes"]
    assert (tmp_path / "model" / "segmentation_mini.pt").stat().st_size < 1e6
    said = run("measure.py", DATA, "--network", tmp_path / "model" / "segmentation_mini.pt")
    assert "changes_found" in said


@pytest.mark.usefixtures("_recipe")
def test_simulated_activity_is_where_the_sound_is(work):
    from simulate import Simulator  # noqa: PLC0415
    from speech_corpus import SpeechCorpus, read_noise  # noqa: PLC0415

    torch.manual_seed(0)
    corpus = SpeechCorpus(work)
    recordings = Simulator(corpus, read_noise(work), torch.device("cpu"), 12.0, 1).draw(4)

    assert recordings.samples.shape == (4, 12 * RATE)
    assert recordings.active.shape == (4, 4, 600)
    assert recordings.samples.abs().max() <= 1
    power = recordings.samples.view(4, 600, 320).square().mean(2)
    speaking = recordings.active.any(1)
    assert power[speaking].mean() > power[~speaking].mean()


@pytest.mark.usefixtures("_recipe")
def test_turns_of_a_track_do_not_overlap(work):
    from speech_corpus import SpeechCorpus  # noqa: PLC0415
    from turns import LENGTH, START, draw_conversations  # noqa: PLC0415

    turns = draw_conversations(SpeechCorpus(work), Random(0), 40, 1200)

    talking = turns[..., LENGTH] > 0
    ends = (turns[..., START] + turns[..., LENGTH])[..., :-1]
    assert (turns[..., START][..., 1:][talking[..., 1:]] >= ends[talking[..., 1:]]).all()
    assert (turns[..., START][talking] >= 0).all()
    assert ((turns[..., START] + turns[..., LENGTH])[talking] <= 1200).all()


def activity(*tracks):
    return torch.tensor([[[sign == "#" for sign in track] for track in tracks]])


@pytest.mark.usefixtures("_recipe")
@pytest.mark.parametrize(
    ("tracks", "expected"),
    [
        (["####......", ".....#####"], [5]),
        (["####..####", ".........."], []),
        (["######....", "...#######"], [3]),
        (["##########", "...##....."], [3]),
        (["###....###", "...####..."], [3, 7]),
        ([".....#####", ".........."], []),
    ],
)
def test_a_change_is_where_somebody_begins_who_did_not_speak_last(tracks, expected):
    from labels import changes  # noqa: PLC0415

    assert changes(activity(*tracks))[0].nonzero()[:, 0].tolist() == expected


@pytest.mark.usefixtures("_recipe")
def test_targets_of_changes_fall_off_on_either_side():
    from labels import CHANGE_REACH, change_targets  # noqa: PLC0415

    changed = torch.zeros(1, 40, dtype=torch.bool)
    changed[0, 20] = True
    target = change_targets(changed)[0]

    assert target[20] == target[18] == target[22] == 1
    assert 0 < target[25] < 1
    assert target[20 + CHANGE_REACH + 1] == target[20 - CHANGE_REACH - 1] == 0


@pytest.mark.usefixtures("_recipe")
def test_features_of_batches_are_those_of_the_stage():
    from mel import log_mel_batch  # noqa: PLC0415

    samples = np.random.default_rng(0).normal(0, 0.05, RATE).astype(np.float32)
    batch = log_mel_batch(torch.from_numpy(samples)[None])[0].numpy()

    np.testing.assert_allclose(batch[: len(log_mel(samples))], log_mel(samples), atol=2e-3)
    assert len(batch) == 100


@pytest.mark.usefixtures("_recipe")
def test_the_teacher_speaks_in_frames_of_the_network():
    from teacher import in_frames, of_counts, of_speakers, teach  # noqa: PLC0415

    torch.manual_seed(0)
    teacher = SegmentationNetwork().eval()
    shares = teach(teacher, torch.randn(1, 12 * RATE) * 0.05, 50, 2)

    assert shares.shape == (1, 600, 3)
    torch.testing.assert_close(shares.sum(2), torch.ones(1, 600))
    sets = torch.zeros(1, 589, 7)
    sets[:, :, 4] = 1.0
    assert of_counts(in_frames(sets, 500, 50))[0, 250].tolist() == [0, 0, 1]
    assert of_speakers(sets)[0, :, 0].tolist() == [1, 1, 0]


@pytest.mark.usefixtures("_recipe")
def test_detection_counts_each_change_once():
    from detection import Tally, pick_changes  # noqa: PLC0415

    probability = np.zeros(100, np.float32)
    probability[[10, 12, 50, 90]] = [0.9, 0.8, 0.7, 0.3]
    found = pick_changes(probability, 0.5, 0.02)
    tally = Tally(seconds=60.0)
    tally.add_changes(np.array([0.25, 1.9]), found)

    np.testing.assert_allclose(found, [0.21, 1.01])
    assert (tally.changes_found, tally.changes_false) == (1, 1)


@pytest.mark.usefixtures("_recipe")
def test_speech_and_overlap_are_counted_in_percent_of_what_they_are():
    from detection import Tally  # noqa: PLC0415

    tally = Tally()
    tally.add(np.array([0, 1, 1, 2, 2]), np.array([1, 1, 0, 2, 1]), 1.0)

    figures = tally.figures()
    assert (figures["missed"], figures["false_alarm"]) == (25.0, 25.0)
    assert (figures["overlap_found"], figures["overlap_false"]) == (50.0, 0.0)


@pytest.mark.usefixtures("_recipe")
def test_the_onnx_model_says_what_the_network_says(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    from export import write_onnx  # noqa: PLC0415

    torch.manual_seed(0)
    network = SegmentationMini().eval().requires_grad_(False)
    write_onnx(network, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    features = torch.randn(3, 14, 80)
    state = initial_state(3)

    for _ in range(2):
        logits, after = network(features, state)
        given = {"log_mel": features.numpy()} | {name: part.numpy() for name, part in state._asdict().items()}
        said = session.run(None, given)
        for own, other in zip((logits, *after), said, strict=True):
            np.testing.assert_allclose(other, own.numpy(), atol=1e-4)
        state = after


@pytest.mark.usefixtures("_recipe")
def test_short_pauses_are_bridged_and_long_ones_are_not():
    from detection import bridged  # noqa: PLC0415

    found = bridged(np.array([0, 1, 0, 0, 2, 0, 0, 0, 1, 0]), 2)

    assert found.tolist() == [0, 1, 1, 1, 2, 0, 0, 0, 1, 0]
