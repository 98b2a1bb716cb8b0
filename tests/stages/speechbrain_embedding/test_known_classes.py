"""Model folders that would run code: refused before anything of them is run, unless they are trusted."""

import os
import pickle
import shutil
from pathlib import Path

import pytest
import torch
import yaml

from speaker_tracker.models import ModelError
from speaker_tracker.models.catalogue import EMBEDDED
from speaker_tracker.stage import StageLoadError
from speaker_tracker_stages.speechbrain_embedding.encoder import NOT_WEIGHTS_ONLY, WEIGHTS_ONLY, load_encoder
from speaker_tracker_stages.speechbrain_embedding.known_classes import KNOWN_CLASSES, check_folder, load_hyperparameters
from speaker_tracker_stages.speechbrain_embedding.stage import SpeechBrainEmbeddingOptions, _load


@pytest.fixture
def folder(tmp_path):
    """A copy of the embedded model."""
    shutil.copytree(EMBEDDED, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def trace(tmp_path):
    """The file that a folder makes where its code is run."""
    return tmp_path / "trace"


def add(folder, line, before=False):
    file = folder / "hyperparams.yaml"
    text = file.read_text()
    file.write_text(f"{line}\n{text}" if before else f"{text}\n{line}\n")


HOSTILE = {
    "apply": "evil: !apply:os.system ['touch {trace}']",
    "applyref": "evil: !applyref:os.system ['touch {trace}']",
    "new": "evil: !new:subprocess.Popen [['touch', '{trace}']]",
    "name": "evil: !name:os.system",
    "module": "evil: !module:{trace_module}",
    "include": "evil: !include:{included}",
    "python/object/apply": "evil: !!python/object/apply:os.system ['touch {trace}']",
    "python/object/new": "evil: !!python/object/new:subprocess.Popen [['touch', '{trace}']]",
    "python/name": "evil: !!python/name:os.system",
    "in a tuple": "evil: (!!python/object/apply:os.system ['touch {trace}'], 1)",
    "in a quoted tuple": "evil: \"(!!python/object/apply:os.system ['touch {trace}'], 1)\"",
    "in a tuple put together": "part: '('\nevil: !ref <part>!!python/object/apply:os.system ['touch {trace}'])",
    "in a key": "? !apply:os.system ['touch {trace}']\n: 1",
    "with an escaped tag": "evil: !appl%79ref:os.system ['touch {trace}']",
    "below a known class": "evil: !new:speechbrain.lobes.features.Fbank\n    n_mels: !apply:os.system ['touch {trace}']",
    "of an attribute": "evil: !ref <embedding_model.register_forward_hook>",
    "of a module that is like a known one": "evil: !new:speechbrain.lobes.features.Fbank.compute_fbanks",
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_hyperparameters_that_name_more_than_known_classes_are_refused_and_run_nothing(folder, trace, line, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "evil_module.py").write_text(f"open({str(trace)!r}, 'w')")
    (tmp_path / "included.yaml").write_text(f"x: !applyref:os.system ['touch {trace}']\n")
    add(folder, line.format(trace=trace, trace_module="evil_module", included=tmp_path / "included.yaml"))

    with pytest.raises(ModelError, match=r"could run code, as its hyperparams\.yaml names .*set trust_folder") as caught:
        load_encoder(folder)
    assert not trace.exists()
    assert "\n" not in str(caught.value)


def test_a_tag_of_a_document_of_its_own_is_refused(folder, trace):
    add(folder, "%TAG !x! !applyref:\n---", before=True)
    add(folder, f"evil: !x!os.system ['touch {trace}']")

    with pytest.raises(ModelError, match=r"names !applyref:os\.system"):
        load_encoder(folder)
    assert not trace.exists()


def test_code_beside_the_hyperparameters_is_not_run(folder, trace):
    """Some versions of SpeechBrain import ``custom.py`` of a folder."""
    (folder / "custom.py").write_text(f"open({str(trace)!r}, 'w')")
    load_encoder(folder)
    assert not trace.exists()


def test_a_trusted_folder_may_name_what_it_likes(folder, trace):
    add(folder, f"mine: !apply:os.system ['touch {trace}']")
    load_encoder(folder, trusted=True)
    assert trace.exists()


def test_the_stage_refuses_a_folder_and_takes_it_with_its_option(folder, trace):
    add(folder, f"mine: !apply:os.system ['touch {trace}']")
    with pytest.raises(StageLoadError, match="could run code"):
        _load(SpeechBrainEmbeddingOptions(source=str(folder)))
    assert not trace.exists()

    loaded = _load(SpeechBrainEmbeddingOptions(source=str(folder), trust_folder=True))
    assert loaded.info["source"] == str(folder)
    assert trace.exists()


class Touching:
    """An object whose pickle makes a file when it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return os.system, (f"touch {self.file}",)


def as_pickle(file, hostile):
    file.write_bytes(pickle.dumps(hostile))


def as_torch_file(file, hostile):
    weights = torch.load(file, weights_only=True)
    torch.save({**weights, "hostile": hostile}, file)


def as_old_torch_file(file, hostile):
    torch.save({"hostile": hostile}, file, _use_new_zipfile_serialization=False)


@pytest.fixture(params=[None, "1"], ids=["plainly", "in an environment that allows it"])
def allowed(request, monkeypatch):
    """What the environment says of weights that are more than data."""
    if request.param is not None:
        monkeypatch.setenv(NOT_WEIGHTS_ONLY, request.param)
    return request.param


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("write", [as_pickle, as_torch_file, as_old_torch_file])
def test_weights_that_would_run_code_are_refused_and_run_nothing(folder, trace, write, allowed, trusted):
    write(folder / "embedding_model.ckpt", Touching(trace))

    with pytest.raises(ModelError, match="cannot be loaded: ") as caught:
        load_encoder(folder, trusted=trusted)
    assert not trace.exists()
    assert "\n" not in str(caught.value)
    assert (os.environ.get(NOT_WEIGHTS_ONLY), os.environ.get(WEIGHTS_ONLY)) == (allowed, None)


@pytest.mark.parametrize(
    "named", ["{}/embedding_model.ckpt", "../elsewhere/embedding_model.ckpt", "someone/on-the-hub/embedding_model.ckpt"]
)
def test_weights_are_read_from_the_folder_whatever_path_is_named(folder, tmp_path, named):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "embedding_model.ckpt").write_bytes(b"not weights")
    add(folder, f"    paths:\n        embedding_model: {named.format(elsewhere)}")
    load_encoder(folder)


def test_a_name_of_weights_does_not_lead_out_of_the_folder(folder, tmp_path):
    (tmp_path / "beside.ckpt").write_bytes(b"not weights")
    shutil.copy(folder / "embedding_model.ckpt", folder / "beside.ckpt")
    file = folder / "hyperparams.yaml"
    file.write_text(file.read_text().replace("        embedding_model: !ref", "        ../beside: !ref"))
    load_encoder(folder)


@pytest.mark.parametrize("name", sorted(KNOWN_CLASSES))
def test_every_known_class_is_one(name):
    load_encoder(EMBEDDED)  # torchaudio may need its fallback before SpeechBrain is imported
    module, _, known = name.rpartition(".")
    assert isinstance(getattr(__import__(module, fromlist=[known]), known), type)


def test_networks_of_the_hub_name_known_classes_alone(tmp_path):
    """Hyperparameters of SpeechBrain's x-vector and ResNet models, but smaller, as they are at the hub."""
    (tmp_path / "hyperparams.yaml").write_text(
        "n_mels: 24\n"
        "compute_features: !new:speechbrain.lobes.features.Fbank\n    n_mels: !ref <n_mels>\n"
        "embedding_model: !new:speechbrain.lobes.models.Xvector.Xvector\n"
        "    in_channels: !ref <n_mels>\n    activation: !name:torch.nn.LeakyReLU\n    tdnn_blocks: 2\n"
        "    tdnn_channels: [8, 24]\n    tdnn_kernel_sizes: [5, 1]\n    tdnn_dilations: [1, 1]\n    lin_neurons: 16\n"
        "other_model: !new:speechbrain.lobes.models.ResNet.ResNet\n    channels: [8, 8, 8, 8]\n    block_sizes: [1, 1, 1, 1]\n"
        "strides: (1, 2, 2)\n"
        "pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer\n"
        "    loadables:\n        embedding_model: !ref <embedding_model>\n"
    )
    check_folder(tmp_path)
    objects = load_hyperparameters(tmp_path)
    assert objects["strides"] == (1, 2, 2)
    assert objects["pretrainer"].loadables["embedding_model"] is objects["embedding_model"]


def test_hyperparameters_of_any_length_are_not_read(folder):
    add(folder, "#" * (1 << 20))
    with pytest.raises(ModelError, match="is longer than 1048576 bytes"):
        load_encoder(folder)


def test_checking_a_folder_runs_nothing(folder, trace):
    check_folder(folder)
    add(folder, f"evil: !applyref:os.system ['touch {trace}']")
    with pytest.raises(ModelError, match=r"names !applyref:os\.system"):
        check_folder(folder)
    assert not trace.exists()


def test_the_embedded_model_names_known_classes_alone():
    class Named(yaml.SafeLoader):
        """Tags as they are."""

    names = []
    Named.add_multi_constructor("!new:", lambda _loader, name, _node: names.append(name))
    Named.add_constructor("!ref", lambda _loader, node: node.value)
    yaml.load((EMBEDDED / "hyperparams.yaml").read_text(), Loader=Named)
    assert set(names) <= KNOWN_CLASSES
