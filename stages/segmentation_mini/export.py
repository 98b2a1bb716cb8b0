"""Makes weights, and an ONNX model, out of a run: ``python export.py RUN/checkpoint.pt FOLDER``.

What is taken are the averaged weights. ``FOLDER/segmentation_mini.pt`` is a state dict in float32 for ``SegmentationMini``;
``FOLDER/segmentation_mini.onnx`` takes ``log_mel`` and the state and gives ``logits`` and the state behind them, for any number of
sessions and of frames.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from speaker_tracker_stages.speaker_segmentation.network import (
    BANDS,
    SegmentationMini,
    SegmentationState,
    initial_state,
)

STATES = SegmentationState._fields


class Flat(nn.Module):
    """The network with its state as arguments of their own, as ONNX has them."""

    def __init__(self, network: SegmentationMini) -> None:
        super().__init__()
        self.network = network

    def forward(self, log_mel: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Logits, and the state behind them."""
        logits, after = self.network(log_mel, SegmentationState(*state))
        return (logits, *after)


def read_average(checkpoint: Path) -> SegmentationMini:
    """The averaged network of a run."""
    network = SegmentationMini().eval()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    return network


def write_onnx(network: SegmentationMini, file: Path) -> None:
    """The network with dynamic numbers of sessions and frames."""
    outputs = ["logits", *(f"{name}_after" for name in STATES)]
    # The exporter by tracing keeps each recurrent layer as one operator; PyTorch calls it outdated, and warns of what is constant.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Flat(network).eval(),
            (torch.zeros(2, 20, BANDS), *initial_state(2)),
            str(file),
            input_names=["log_mel", *STATES],
            output_names=outputs,
            dynamic_axes={"log_mel": {0: "sessions", 1: "features"}, "logits": {0: "sessions", 1: "frames"}}
            | {name: {0: "sessions"} for name in (*STATES, *outputs[1:])},
            opset_version=18,
            dynamo=False,
        )


def main() -> None:
    """Reads the command line and exports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without-onnx", action="store_true")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    network = read_average(arguments.checkpoint)
    torch.save(network.state_dict(), folder / "segmentation_mini.pt")
    if not arguments.without_onnx:
        write_onnx(network, folder / "segmentation_mini.onnx")
    print(f"{sum(one.numel() for one in network.parameters()) / 1000:.0f} thousand parameters")


if __name__ == "__main__":
    main()
