"""The recipe from speech to model folder, on the project's own voices and for a few steps."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from speaker_tracker_stages.ecapa_mini_network import EcapaMini
from speaker_tracker_stages.speechbrain_embedding.encoder import load_encoder
from support.known_conversation import DATA, read_conversation

pytestmark = pytest.mark.slow

RECIPE = Path(__file__).parents[3] / "stages" / "ecapa_mini"
RATE = 16_000
NETWORK = {"channels": 32, "aggregate_channels": 32, "front_channels": 4, "lin_neurons": 32}
TEACHERS = 192 + 256 + 256
"""Values of all teachers together."""


def run(script, *arguments):
    command = [sys.executable, str(RECIPE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
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
    """Prepared speech in three voices, with what teachers might say of each block."""
    run("prepare.py", speakers / "speech", speakers / "noise.flac", speakers / "work", "--variants", 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(RECIPE))
        from corpus import read_corpus, speech_file, teacher_file, voices_file  # noqa: PLC0415
        from teach import make_voices  # noqa: PLC0415

        folder = speakers / "work"
        corpus = read_corpus(folder)
        speech = torch.from_numpy(np.fromfile(speech_file(folder), np.int16))
        random = np.random.default_rng(5)
        with voices_file(folder).open("wb") as joined:
            for variant in range(3):
                span = corpus.span(variant)
                voices = torch.zeros(span.stop - span.start, dtype=torch.int16)
                make_voices(corpus, speech, variant, voices)
                joined.write(voices.numpy().tobytes())
                places = random.standard_normal((len(corpus.files), TEACHERS))
                said = places[corpus.block_files(variant)]
                said = said + random.normal(0, 0.1, said.shape)
                np.save(teacher_file(folder, variant), said.astype(np.float16))
    return folder


@pytest.fixture
def recipe(monkeypatch):
    """The recipe's own modules can be imported."""
    monkeypatch.syspath_prepend(str(RECIPE))


def train(work, run_folder, speakers, *arguments):
    network = ["--batch", 16, "--processes", 2, "--network", json.dumps(NETWORK), "--first-variants", 1]
    said = run("train.py", work, run_folder, "--verification", speakers / "verification", *network, *arguments)
    return json.loads(said.splitlines()[-1])


@pytest.mark.usefixtures("recipe")
def test_every_variant_has_its_place_in_the_pcm_and_its_blocks(work):
    from corpus import BLOCK, read_corpus, voices_file  # noqa: PLC0415

    corpus = read_corpus(work)

    assert corpus.files == ["read_anna", "read_bert", "unlabelled_00"]
    assert corpus.speakers.tolist() == [0, 1, -1]
    assert corpus.people == 2
    for own, slow, fast in corpus.lengths.T:
        assert own / 1.01 < slow < own / 0.75
        assert own / 1.33 < fast < own / 0.99
    assert voices_file(work).stat().st_size == 2 * corpus.lengths.sum()
    for variant in range(3):
        files, starts = corpus.block_files(variant), corpus.block_starts(variant)
        lengths = corpus.lengths[variant][files]
        assert (starts >= 0).all()
        assert (starts + np.minimum(BLOCK, lengths) <= lengths).all()
        last = np.append(files[1:] != files[:-1], [True])
        assert (starts[last] == np.maximum(0, lengths[last] - BLOCK)).all()
        block_span = corpus.block_span(variant)
        assert block_span.stop - block_span.start == len(files)


@pytest.mark.usefixtures("recipe")
def test_formants_move_and_the_pitch_stays():
    from voices import KNOTS_HZ, move_formants  # noqa: PLC0415

    time = np.arange(2 * RATE) / RATE
    pulses = np.diff(np.floor(120 * time), prepend=0.0)
    resonance = np.exp(-400 * time[:800]) * np.sin(2 * np.pi * 1000 * time[:800])
    vowel = torch.from_numpy((0.3 * np.convolve(pulses, resonance)[: 2 * RATE]).astype(np.float32))

    moved, same = move_formants(torch.stack([vowel, vowel]), [(1.15,) * len(KNOTS_HZ), (1.0,) * len(KNOTS_HZ)])

    assert moved.shape == vowel.shape
    spectrum = np.abs(np.fft.rfft(moved.numpy() * np.hanning(len(moved))))
    strongest = spectrum.argmax() / 2
    assert strongest == pytest.approx(1150, abs=70)
    assert strongest % 120 == pytest.approx(0, abs=1) or strongest % 120 == pytest.approx(120, abs=1)
    torch.testing.assert_close(same, vowel, atol=1e-5, rtol=0)


@pytest.mark.usefixtures("recipe")
@pytest.mark.parametrize("percent", [76, 97, 100, 131])
def test_another_speed_moves_pitch_and_length_and_adds_nothing(percent):
    from voices import AS_IT_IS, Voice, in_voices, length_in_voice  # noqa: PLC0415

    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(2 * RATE) / RATE)[None]

    (said,) = in_voices(tone, percent, [AS_IT_IS.formants]).numpy()

    assert len(said) == length_in_voice(2 * RATE, Voice(percent, AS_IT_IS.formants))
    spectrum = np.abs(np.fft.rfft(said * np.hanning(len(said))))
    strongest = int(spectrum.argmax())
    assert strongest * RATE / len(said) == pytest.approx(10 * percent, abs=2)
    spectrum[strongest - 5 : strongest + 6] = 0.0
    assert spectrum.max() < 1e-3 * np.hanning(len(said)).sum() / 2


@pytest.mark.usefixtures("recipe")
def test_the_first_voice_is_the_speaker(work):
    from corpus import speech_file, voices_file  # noqa: PLC0415

    speech = np.fromfile(speech_file(work), np.int16)
    np.testing.assert_allclose(np.fromfile(voices_file(work), np.int16)[: len(speech)], speech, atol=1)


@pytest.mark.usefixtures("recipe")
def test_crops_come_with_the_target_of_the_block_they_lie_in(work):
    from batches import BatchSource  # noqa: PLC0415
    from corpus import read_corpus  # noqa: PLC0415
    from pool import VoicePool  # noqa: PLC0415

    corpus = read_corpus(work)
    pool = VoicePool(work, corpus, torch.device("cpu"), 8)
    pool.fill(2, work / "tried.pt")
    pool.add()
    (work / "tried.pt").unlink()
    assert pool.variants == pool.available() == 3
    batch = BatchSource(pool, size=64, group=4, seed=(1,)).draw()

    torch.testing.assert_close(batch.targets.norm(dim=1), torch.ones(64), atol=2e-3, rtol=0)
    assert set(batch.people.tolist()) <= {-1, 0, 1}
    assert (batch.variants.view(-1, 4) == batch.variants.view(-1, 4)[:, :1]).all()
    known = batch.people >= 0
    own = pool.centres[batch.people + batch.variants * corpus.people][known]
    assert ((own * batch.targets[known]).sum(1) > 0.9).all()


@pytest.mark.usefixtures("recipe")
def test_a_projection_keeps_apart_who_differs(tmp_path):
    from pool import DIMENSIONS  # noqa: PLC0415
    from targets import Projection, fit_projection, targets_and_centres  # noqa: PLC0415

    torch.manual_seed(1)
    people, each = 30, 6
    speakers = torch.arange(people).repeat_interleave(each)
    said = torch.randn(people, sum(DIMENSIONS))[speakers] + 3.0 + 0.8 * torch.randn(people * each, sum(DIMENSIONS))
    projection = fit_projection(said, speakers, DIMENSIONS, 16)
    projection.save(tmp_path / "projection.pt")
    vectors = Projection.load(tmp_path / "projection.pt", torch.device("cpu"))(said)

    torch.testing.assert_close(vectors, projection(said))
    cosines = vectors @ vectors.T
    same = speakers[:, None] == speakers
    assert cosines[same].mean() > 0.8
    assert cosines[~same].mean().abs() < 0.1
    targets, centres = targets_and_centres(vectors, torch.where(speakers == 3, -1, speakers), people)
    torch.testing.assert_close(targets[speakers == 3], vectors[speakers == 3])
    others = speakers != 3
    assert ((targets * centres[speakers])[others].sum(1) > (vectors * centres[speakers])[others].sum(1)).all()


@pytest.mark.usefixtures("recipe")
def test_other_voices_of_a_speaker_do_not_count_in_the_softmax():
    from objective import AngularMarginSoftmax  # noqa: PLC0415

    centres = torch.eye(6)
    softmax = AngularMarginSoftmax(centres, people=2)
    person, variant = torch.tensor([0, -1]), torch.tensor([1, 0])
    embedding = centres[[2, 5]]
    before = softmax(embedding, person, variant, 0.2, 3)
    with torch.no_grad():
        softmax.centres[0] = centres[2]  # the same person in another voice now lies where this voice does
    torch.testing.assert_close(softmax(embedding, person, variant, 0.2, 3), before)
    with torch.no_grad():
        softmax.centres[1] = centres[2]  # another person does
    assert softmax(embedding, person, variant, 0.2, 3) > before + 1
    assert softmax(embedding[1:], person[1:], variant[1:], 0.2, 3) == 0


@pytest.mark.usefixtures("recipe")
def test_what_happens_to_voices_leaves_their_number_and_length():
    from augment import Augmenter, mask_bands  # noqa: PLC0415

    torch.manual_seed(2)
    augment = Augmenter(torch.randint(-3000, 3000, (5 * RATE,), dtype=torch.int16), 4)
    voices = torch.from_numpy(alone(0)[: 32 * 4000].reshape(32, 4000).copy())

    heard = augment(voices)

    assert heard.shape == voices.shape
    assert heard.isfinite().all()
    assert heard.abs().max() <= 1
    assert not torch.allclose(heard, voices, atol=1e-2)
    features = torch.ones(200, 10, 80)
    silenced = (mask_bands(features, 0.5, 8) == 0).sum((1, 2)) / 10
    assert silenced.max() <= 8
    assert 0.3 < (silenced > 0).float().mean() < 0.7


@pytest.mark.timeout(900)
def test_a_run_goes_on_where_it_stopped_and_becomes_a_model_that_loads(work, speakers, tmp_path):
    begun = time.monotonic()
    first = train(work, tmp_path / "run", speakers, "--minutes", 0.05)
    to_begin = time.monotonic() - begun  # most of it: 3 s are for training
    second = train(work, tmp_path / "run", speakers, "--deadline", time.time() + to_begin + 20)
    assert 0 < first["step"] < second["step"]
    assert all(0 <= second[name] <= 100 for name in ("eer_1.5", "eer_noise_1.5", "eer_line_1.5"))
    assert second["distillation"] < 0.9  # 1 is what chance gives

    weights = tmp_path / "run" / "weights.pt"
    run("export.py", weights, tmp_path / "alone")
    run("export.py", weights, weights, tmp_path / "model", "--shares", 0.3, 0.7)
    alone, mean = (torch.load(tmp_path / name / "embedding_model.ckpt", weights_only=True) for name in ("alone", "model"))
    assert all(torch.allclose(mean[name].float(), weights.float()) for name, weights in alone.items())
    assert load_encoder(tmp_path / "model").encode_batch(torch.zeros(1, RATE)).shape == (1, 1, 32)


@pytest.mark.usefixtures("recipe")
def test_weights_of_a_network_of_another_shape_are_taken_over_where_they_fit():
    from training import load_what_fits  # noqa: PLC0415

    small, large = EcapaMini(**NETWORK), EcapaMini(**{**NETWORK, "lin_neurons": 64, "front_blocks": 1})
    load_what_fits(large, small.state_dict())
    torch.testing.assert_close(large.enter.linear.weight, small.enter.linear.weight)
    assert large.embed.out_features == 64


@pytest.mark.usefixtures("recipe")
def test_resemblyzer_gives_embeddings_of_unit_length_from_weights_in_its_own_layout(tmp_path):
    from teachers import Resemblyzer  # noqa: PLC0415

    torch.manual_seed(0)
    teacher = Resemblyzer()
    state = {name: value for name, value in teacher.state_dict().items() if name not in {"bands", "window"}}
    torch.save({"model_state": {**state, "similarity_weight": torch.ones(1)}}, tmp_path / "pretrained.pt")
    loaded = Resemblyzer(tmp_path / "pretrained.pt")

    loud = torch.from_numpy(alone(0)[None, :RATE].copy())
    embedding = loaded(loud)
    assert embedding.shape == (1, 256)
    torch.testing.assert_close(embedding, teacher(loud))
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(1))
    torch.testing.assert_close(loaded(loud / 100), loaded(loud / 1000), atol=1e-4, rtol=1e-3)


@pytest.mark.usefixtures("recipe")
def test_kaldis_filter_banks_rise_where_a_tone_is():
    from teachers import KaldiFbank  # noqa: PLC0415

    tone = 0.1 * torch.sin(2 * torch.pi * 1000 * torch.arange(RATE) / RATE)[None]
    features = KaldiFbank(80)(tone)

    assert features.shape == (1, 98, 80)
    mel = 1127 * np.log1p(1000 / 700)
    low, high = 1127 * np.log1p(20 / 700), 1127 * np.log1p(8000 / 700)
    assert features.mean(1).argmax() == pytest.approx((mel - low) / (high - low) * 81 - 1, abs=1)
