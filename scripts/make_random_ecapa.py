"""Makes a full-size ECAPA-TDNN with random weights, to measure speed where the trained one cannot be fetched.

    python scripts/make_random_ecapa.py FOLDER

FOLDER gets the files of speechbrain/spkrec-ecapa-voxceleb, by the same names and with networks of the same size (22 M parameters),
and the calibration of that model. A network takes the same time whatever its weights are; what it says of voices means nothing.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from speaker_tracker.models.calibration import CALIBRATION, write_model
from speaker_tracker.models.catalogue import HUB_MODEL
from speaker_tracker_stages.speechbrain_embedding.torchaudio_fallback import ensure_torchaudio

HYPERPARAMS = """\
# An ECAPA-TDNN with random weights, in the layout of speechbrain/spkrec-ecapa-voxceleb.
n_mels: 80
pretrained_path: {name}
out_n_neurons: 7205
compute_features: !new:speechbrain.lobes.features.Fbank
    n_mels: !ref <n_mels>
mean_var_norm: !new:speechbrain.processing.features.InputNormalization
    norm_type: sentence
    std_norm: False
embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
    input_size: !ref <n_mels>
    channels: [1024, 1024, 1024, 1024, 3072]
    kernel_sizes: [5, 3, 3, 3, 1]
    dilations: [1, 2, 3, 4, 1]
    attention_channels: 128
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


def make(folder: Path) -> None:
    """Writes the model into ``folder``, which is created; the same weights each time."""
    ensure_torchaudio()  # before SpeechBrain is imported
    from hyperpyyaml import load_hyperpyyaml  # noqa: PLC0415
    from speechbrain.utils.checkpoints import DEFAULT_SAVE_HOOKS, get_default_hook, torch_save  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    hyperparams = HYPERPARAMS.format(name=folder.name)
    (folder / "hyperparams.yaml").write_text(hyperparams, encoding="utf-8")
    torch.manual_seed(0)
    parts = load_hyperpyyaml(hyperparams)
    torch_save(parts["embedding_model"], folder / "embedding_model.ckpt")
    torch_save(parts["classifier"], folder / "classifier.ckpt")
    normalization = parts["mean_var_norm_emb"]
    normalization(torch.randn(8, HUB_MODEL.dimension), torch.ones(8))
    get_default_hook(normalization, DEFAULT_SAVE_HOOKS)(normalization, folder / "mean_var_norm_emb.ckpt")
    parts["label_encoder"].update_from_iterable([f"id{number}" for number in range(parts["out_n_neurons"])])
    parts["label_encoder"].save(folder / "label_encoder.txt")
    write_model(replace(HUB_MODEL, name="random-ecapa"), folder / CALIBRATION)


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    folder = parser.parse_args().folder
    make(folder)
    print(f"{folder}: set SPEAKER_TRACKER_STAGE_OPTIONS__SPEECHBRAIN_EMBEDDING__SOURCE to it")


if __name__ == "__main__":
    main()
