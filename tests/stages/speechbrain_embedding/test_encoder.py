"""Loading model folders through SpeechBrain: embedded, as the hub has them, and broken ones."""

import logging
import os
import shutil
import stat
import subprocess
import sys

import numpy as np
import pytest
import torch

from speaker_tracker.models import ModelError, hub_folder, resolve
from speaker_tracker.models.catalogue import EMBEDDED, HUB_FILES
from speaker_tracker_stages.speechbrain_embedding.encoder import load_encoder

HUB_HYPERPARAMS = """
n_mels: 80
pretrained_path: speechbrain/spkrec-ecapa-voxceleb
out_n_neurons: 3
compute_features: !new:speechbrain.lobes.features.Fbank
    n_mels: !ref <n_mels>
mean_var_norm: !new:speechbrain.processing.features.InputNormalization
    norm_type: sentence
    std_norm: False
embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
    input_size: !ref <n_mels>
    channels: [16, 16, 16, 16, 48]
    kernel_sizes: [5, 3, 3, 3, 1]
    dilations: [1, 2, 3, 4, 1]
    attention_channels: 16
    lin_neurons: 192
classifier: !new:speechbrain.lobes.models.ECAPA_TDNN.Classifier
    input_size: 192
    out_neurons: !ref <out_n_neurons>
mean_var_norm_emb: !new:speechbrain.processing.features.InputNormalization
    norm_type: global
    std_norm: False
modules:
    compute_features: !ref <compute_features>
    mean_var_norm: !ref <mean_var_norm>
    embedding_model: !ref <embedding_model>
    mean_var_norm_emb: !ref <mean_var_norm_emb>
    classifier: !ref <classifier>
label_encoder: !new:speechbrain.dataio.encoder.CategoricalEncoder
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        embedding_model: !ref <embedding_model>
        mean_var_norm_emb: !ref <mean_var_norm_emb>
        classifier: !ref <classifier>
        label_encoder: !ref <label_encoder>
    paths:
        embedding_model: !ref <pretrained_path>/embedding_model.ckpt
        mean_var_norm_emb: !ref <pretrained_path>/mean_var_norm_emb.ckpt
        classifier: !ref <pretrained_path>/classifier.ckpt
        label_encoder: !ref <pretrained_path>/label_encoder.txt
"""

WITHOUT_NETWORK = """
import socket, sys
def refused(*_, **__): raise AssertionError("the network was touched")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refused
from pathlib import Path
import torch
from speaker_tracker.models import resolve
from speaker_tracker_stages.speechbrain_embedding.encoder import load_encoder
source, cache = sys.argv[1], Path(sys.argv[2])
print(tuple(load_encoder(resolve(source, cache).path).encode_batch(torch.zeros(2, 24000)).shape))
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache with a small model that SpeechBrain itself wrote, by the names and in the formats of the hub's."""
    load_encoder(EMBEDDED)  # before SpeechBrain is imported directly: torchaudio may need its fallback
    from hyperpyyaml import load_hyperpyyaml  # noqa: PLC0415
    from speechbrain.utils.checkpoints import DEFAULT_SAVE_HOOKS, get_default_hook, torch_save  # noqa: PLC0415

    cache = tmp_path_factory.mktemp("cache")
    folder = hub_folder(cache)
    folder.mkdir(parents=True)
    (folder / "hyperparams.yaml").write_text(HUB_HYPERPARAMS)
    torch.manual_seed(0)
    parts = load_hyperpyyaml(HUB_HYPERPARAMS)
    torch_save(parts["embedding_model"], folder / "embedding_model.ckpt")
    torch_save(parts["classifier"], folder / "classifier.ckpt")
    parts["mean_var_norm_emb"](torch.randn(8, 192), torch.ones(8))
    get_default_hook(parts["mean_var_norm_emb"], DEFAULT_SAVE_HOOKS)(parts["mean_var_norm_emb"], folder / "mean_var_norm_emb.ckpt")
    parts["label_encoder"].update_from_iterable(["id1", "id2", "id3"])
    parts["label_encoder"].save(folder / "label_encoder.txt")
    assert sorted(path.name for path in folder.iterdir()) == sorted(HUB_FILES)
    return cache


@pytest.fixture
def copy_of_embedded(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(EMBEDDED, folder)
    return folder


def test_the_embedded_model_encodes_batches_to_256_values():
    encoder = load_encoder(EMBEDDED)
    pcm = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, (3, 24000)).astype(np.float32))
    embeddings = encoder.encode_batch(pcm)
    assert embeddings.shape == (3, 1, 256)
    assert torch.isfinite(embeddings).all()
    assert not encoder.mods.training
    torch.testing.assert_close(embeddings[1:2], encoder.encode_batch(pcm[1:2]), atol=1e-3, rtol=1e-4)


def test_a_folder_in_the_hubs_layout_loads_from_where_it_lies(cache):
    folder = hub_folder(cache)
    encoder = load_encoder(folder)
    weights = torch.load(folder / "embedding_model.ckpt")
    for name, value in encoder.mods.embedding_model.state_dict().items():
        torch.testing.assert_close(value, weights[name])
    assert encoder.hparams.label_encoder.decode_ndim(1) == "id2"


@pytest.mark.parametrize(("source", "dimension"), [("auto", 192), ("hub", 192), ("embedded", 256)])
def test_loading_touches_no_network(cache, source, dimension):
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, source, str(cache)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, f"(2, 1, {dimension})", "")


def test_a_folder_that_is_read_only_loads_and_stays_as_it_is(copy_of_embedded):
    before = sorted(path.name for path in copy_of_embedded.iterdir())
    copy_of_embedded.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        load_encoder(copy_of_embedded)
        assert sorted(path.name for path in copy_of_embedded.iterdir()) == before
    finally:
        copy_of_embedded.chmod(stat.S_IRWXU)


def test_a_folder_may_have_spaces_and_be_given_relative(copy_of_embedded, monkeypatch):
    spaced = copy_of_embedded.rename(copy_of_embedded.with_name("my model"))
    monkeypatch.chdir(spaced.parent)
    load_encoder(spaced.relative_to(spaced.parent))


@pytest.mark.parametrize("weights", [b"not weights", b"PK\x03\x04 broken"])
def test_weights_that_are_none_are_told_in_one_sentence(copy_of_embedded, weights):
    (copy_of_embedded / "embedding_model.ckpt").write_bytes(weights)
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        load_encoder(copy_of_embedded)
    assert "\n" not in str(caught.value)
    assert str(copy_of_embedded) in str(caught.value)


def test_weights_of_another_shape_are_told_in_one_sentence(cache, copy_of_embedded):
    shutil.copy(hub_folder(cache) / "embedding_model.ckpt", copy_of_embedded / "embedding_model.ckpt")
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        load_encoder(copy_of_embedded)
    assert "\n" not in str(caught.value)


def test_weights_of_a_part_of_the_network_are_not_taken_for_all(copy_of_embedded):
    file = copy_of_embedded / "embedding_model.ckpt"
    weights = torch.load(file)
    del weights["embed.weight"]
    torch.save(weights, file)
    with pytest.raises(ModelError, match=r"its weights are not those of the network in hyperparams\.yaml"):
        load_encoder(copy_of_embedded)


def test_hyperparameters_without_a_classifier_are_told_in_one_sentence(copy_of_embedded):
    file = copy_of_embedded / "hyperparams.yaml"
    file.write_text(file.read_text().replace("modules:", "parts:"))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(copy_of_embedded)


def test_loading_is_quiet(caplog, capfd, recwarn):
    with caplog.at_level(logging.INFO):
        load_encoder(resolve("embedded", None).path)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_the_process_keeps_its_pytorch_settings():
    code = """
import torch
from speaker_tracker.models import resolve
from speaker_tracker_stages.speechbrain_embedding.encoder import load_encoder
def settings():
    profiling = torch._C._jit_set_profiling_mode(True)
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32, profiling
settings()
before = settings()
load_encoder(resolve("embedded", None).path)
assert settings() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
