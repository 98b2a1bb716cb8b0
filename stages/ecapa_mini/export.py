"""Makes a model folder out of a run: ``python export.py RUN/weights.pt FOLDER``; SpeechBrain's ``EncoderClassifier`` loads it.

What is taken are the averaged weights. Of a run and others that started from it, a mean can be taken: it knows new voices better
than any of them (Wortsman et al., "Model soups", ICML 2022). ``speaker-tracker models calibrate`` adds
``calibration.json`` to the folder.
"""

from __future__ import annotations

import argparse
import inspect
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

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


def export(checkpoints: Sequence[Path], shares: Sequence[float], folder: Path) -> None:
    """Writes ``hyperparams.yaml`` and ``embedding_model.ckpt``. ``shares``: of each checkpoint in the weights; they add up to 1."""
    states = [torch.load(checkpoint, map_location="cpu", weights_only=True) for checkpoint in checkpoints]
    defaults = {name: parameter.default for name, parameter in inspect.signature(EcapaMini).parameters.items()}
    arguments: dict[str, Any] = {**defaults, **states[-1]["arguments"]}
    network = EcapaMini(**arguments)
    network.load_state_dict(mean_weights([state["average"] for state in states], shares))
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"    {name}: {json.dumps(value)}" for name, value in arguments.items() if name != "input_size"]
    text = HYPERPARAMS.format(arguments="\n".join(lines), dimension=arguments["lin_neurons"])
    (folder / "hyperparams.yaml").write_text(text, encoding="utf-8")
    torch.save(network.state_dict(), folder / "embedding_model.ckpt")
    steps = ", ".join(str(state["step"]) for state in states)
    print(f"{sum(parameter.numel() for parameter in network.parameters()) / 1e6:.2f} million parameters after steps {steps}")


def mean_weights(weights: Sequence[dict[str, Tensor]], shares: Sequence[float]) -> dict[str, Tensor]:
    """Weighted mean of what is a floating-point number; all else is the last one's."""
    return {
        name: sum((share * one[name] for one, share in zip(weights, shares, strict=True)), torch.zeros_like(last))
        if last.is_floating_point()
        else last
        for name, last in weights[-1].items()
    }


def main() -> None:
    """Reads the command line and exports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=Path, nargs="+", metavar="checkpoint")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shares", type=float, nargs="+", help="of each checkpoint in the weights  [default: equal]")
    arguments = parser.parse_args()
    shares: list[float] = arguments.shares or [1 / len(arguments.checkpoints)] * len(arguments.checkpoints)
    if len(shares) != len(arguments.checkpoints) or not math.isclose(sum(shares), 1):
        parser.error("--shares must be as many as the checkpoints, and add up to 1")
    export(arguments.checkpoints, shares, arguments.folder)


if __name__ == "__main__":
    main()
