"""Makes a model folder out of a run: ``python export.py RUN/checkpoint.pt FOLDER``; SpeechBrain's ``EncoderClassifier`` loads it.

What is taken are the averaged weights. ``calibrate.py`` adds the folder's ``calibration.json``.
"""

from __future__ import annotations

import argparse
import inspect
import json
from pathlib import Path
from typing import Any

import torch

from speaker_tracker_stages.ecapa_mini_network import EcapaMini

HYPERPARAMS = """\
# ecapa-mini, in the folder layout that SpeechBrain's EncoderClassifier loads.
n_mels: 80
compute_features: !new:speechbrain.lobes.features.Fbank
    n_mels: !ref <n_mels>
mean_var_norm: !new:speechbrain.processing.features.InputNormalization
    norm_type: sentence
    std_norm: false
embedding_model: !new:speaker_tracker_stages.ecapa_mini_network.EcapaMini
    input_size: !ref <n_mels>
{arguments}
classifier: !new:speechbrain.lobes.models.ECAPA_TDNN.Classifier
    input_size: {dimension}
    out_neurons: 2
modules:
    compute_features: !ref <compute_features>
    mean_var_norm: !ref <mean_var_norm>
    embedding_model: !ref <embedding_model>
    classifier: !ref <classifier>
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        embedding_model: !ref <embedding_model>
"""


def export(checkpoint: Path, folder: Path) -> None:
    """Writes ``hyperparams.yaml`` and ``embedding_model.ckpt``."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    defaults = {name: parameter.default for name, parameter in inspect.signature(EcapaMini).parameters.items()}
    arguments: dict[str, Any] = {**defaults, **state["arguments"]}
    network = EcapaMini(**arguments)
    network.load_state_dict(state["average"])
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"    {name}: {json.dumps(value)}" for name, value in arguments.items() if name != "input_size"]
    text = HYPERPARAMS.format(arguments="\n".join(lines), dimension=arguments["lin_neurons"])
    (folder / "hyperparams.yaml").write_text(text, encoding="utf-8")
    torch.save(network.state_dict(), folder / "embedding_model.ckpt")
    print(f"{sum(parameter.numel() for parameter in network.parameters()) / 1e6:.2f} million parameters after step {state['step']}")


def main() -> None:
    """Reads the command line and exports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    export(arguments.checkpoint, arguments.folder)


if __name__ == "__main__":
    main()
