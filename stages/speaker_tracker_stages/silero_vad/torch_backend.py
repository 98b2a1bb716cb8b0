"""The Silero network by PyTorch: the TorchScript form of the package silero-vad."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from silero_vad import load_silero_vad

FRAMES_STEP = 8
"""Frames are padded to a multiple of this: each number of them costs PyTorch time and memory."""


class TorchNetwork:
    """A ``SileroNetwork``; PyTorch is held to one thread."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        # The wrapper keeps one state for all callers; the network inside it takes the state as an argument.
        self._network: Any = load_silero_vad()._model  # noqa: SLF001
        self._recurrent = _recurrent_layer(self._network.decoder.rnn)

    def encode(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Encoded frames, ``(k, 128)``, as ``SileroNetwork.encode``."""
        padded = np.zeros((-(-len(frames) // FRAMES_STEP) * FRAMES_STEP, frames.shape[1]), np.float32)
        padded[: len(frames)] = frames
        with torch.inference_mode():
            encoded: NDArray[np.float32] = self._network.encoder(self._network.stft(torch.from_numpy(padded))).numpy()
        return encoded[: len(frames), :, 0]

    def decide(self, encoded: NDArray[np.float32], states: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities and states of encoded frames, ``(n, m, 128)``, as ``SileroNetwork.decide``."""
        sessions, number, _ = encoded.shape
        with torch.inference_mode():
            before = torch.from_numpy(states)
            heard, (hidden, cell) = self._recurrent(torch.from_numpy(encoded), (before[:1], before[1:]))
            probabilities = self._network.decoder.decoder(heard.reshape(sessions * number, -1, 1))
            after = torch.cat([hidden, cell])
        return probabilities.view(sessions, number).numpy(), after.numpy()


def _recurrent_layer(cell: torch.nn.LSTMCell) -> torch.nn.LSTM:
    """A layer that does for a whole sequence what ``cell`` does for one frame."""
    layer = torch.nn.LSTM(cell.weight_ih.shape[1], cell.weight_hh.shape[1], batch_first=True).eval()
    with torch.no_grad():
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(layer, f"{name}_l0").copy_(getattr(cell, name))
    return layer
