"""The Silero network by PyTorch: the TorchScript form of the package silero-vad.

Most of the network looks at a single frame and is run on all frames at once, of however many sessions; only the recurrent layer
goes from frame to frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.silero_vad.model import SileroNetwork

if TYPE_CHECKING:
    import torch


def torch_network() -> SileroNetwork:
    """Loads the network; PyTorch is held to one thread from then on."""
    import torch  # noqa: PLC0415 - heavy, only where the backend is used
    from silero_vad import load_silero_vad  # noqa: PLC0415

    torch.set_num_threads(1)
    # The wrapper keeps one state for all callers; the network inside it takes the state as an argument.
    network: Any = load_silero_vad()._model  # noqa: SLF001
    recurrent = _recurrent_layer(network.decoder.rnn)
    judge = network.decoder.decoder

    def run(frames: NDArray[np.float32], states: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        sessions, number, _ = frames.shape
        with torch.inference_mode():
            encoded = network.encoder(network.stft(torch.from_numpy(frames.reshape(sessions * number, -1))))
            before = torch.from_numpy(states)
            heard, (hidden, cell) = recurrent(encoded.view(sessions, number, -1), (before[:1], before[1:]))
            probabilities = judge(heard.reshape(sessions * number, -1, 1))
            after = torch.cat([hidden, cell])
        return probabilities.view(sessions, number).numpy(), after.numpy()

    return run


def _recurrent_layer(cell: torch.nn.LSTMCell) -> torch.nn.LSTM:
    """A layer that does for a whole sequence what ``cell`` does for one frame."""
    import torch  # noqa: PLC0415

    layer = torch.nn.LSTM(cell.weight_ih.shape[1], cell.weight_hh.shape[1], batch_first=True).eval()
    with torch.no_grad():
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(layer, f"{name}_l0").copy_(getattr(cell, name))
    return layer
