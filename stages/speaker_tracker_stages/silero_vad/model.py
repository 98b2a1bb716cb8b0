"""The Silero model of ``silero_vad``, shared by all sessions, by PyTorch or by ONNX Runtime.

Model: silero-vad 6 (MIT), in the forms that its package carries; it takes 512 new samples with 64 samples of context and a
recurrent state, and gives the probability of speech.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker.models import ModelError
from speaker_tracker.onnx_session import open_onnx

FRAME = 512
CONTEXT = 64
STATE_SHAPE = (2, 1, 128)
WEIGHTS_ONNX = "silero_vad_16k_op15.onnx"

SileroNetwork: TypeAlias = Callable[[NDArray[np.float32], NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""From frames, shape ``(n, 576)``, and states, shape ``(2, n, 128)``, to probabilities, shape ``(n,)``, and the states behind."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechQuery:
    """Consecutive frames of one session: float32, shape ``(frames, 576)``; and the model's state before them.

    ``audible``: bool, shape ``(frames,)``; a frame that is not audible is no speech, and the model forgets what it heard before.
    """

    frames: NDArray[np.float32]
    audible: NDArray[np.bool_]
    state: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SpeechScores:
    """Probability of speech of each frame, shape ``(frames,)``; and the state behind them."""

    probabilities: NDArray[np.float32]
    state: NDArray[np.float32]


class SileroModel:
    """Computes frames of many sessions at once."""

    def __init__(self, network: SileroNetwork) -> None:
        self._network = network
        # The first calls are slow: TorchScript compiles itself.
        self.infer([SpeechQuery(np.zeros((3, CONTEXT + FRAME), np.float32), np.ones(3, bool), np.zeros(STATE_SHAPE, np.float32))])

    def infer(self, queries: Sequence[SpeechQuery]) -> list[SpeechScores]:
        """Runs frame by frame, all queries that have something to hear in that frame side by side."""
        scores = [np.zeros(len(query.frames), np.float32) for query in queries]
        states = [query.state for query in queries]
        silence = np.zeros(STATE_SHAPE, np.float32)
        for step in range(max(len(query.frames) for query in queries)):
            present = [index for index, query in enumerate(queries) if step < len(query.frames)]
            heard = [index for index in present if queries[index].audible[step]]
            for index in set(present).difference(heard):
                states[index] = silence
            if not heard:
                continue
            frames = np.stack([queries[index].frames[step] for index in heard])
            probabilities, after = self._network(frames, np.concatenate([states[index] for index in heard], axis=1))
            for column, index in enumerate(heard):
                states[index] = after[:, column : column + 1]
                scores[index][step] = probabilities[column]
        return [SpeechScores(score, state.copy()) for score, state in zip(scores, states, strict=True)]


def torch_network() -> SileroNetwork:
    """The TorchScript form."""
    import torch  # noqa: PLC0415 - heavy, only where the stage is used
    from silero_vad import load_silero_vad  # noqa: PLC0415

    torch.set_num_threads(1)
    # The wrapper keeps one state for all callers; the network inside it takes the state as an argument.
    network = load_silero_vad()._model  # noqa: SLF001

    def run(frames: NDArray[np.float32], states: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with torch.inference_mode():
            probabilities, after = network(torch.from_numpy(frames), torch.from_numpy(states))
        return probabilities[:, 0].numpy(), after.numpy()

    return run


def onnx_network() -> SileroNetwork:
    """The ONNX form; neither PyTorch nor the package itself is imported. Raises ``UserError``."""
    session = open_onnx(_onnx_weights(), "silero_vad with backend onnx")
    rate = np.array(SAMPLE_RATE, np.int64)

    def run(frames: NDArray[np.float32], states: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        probabilities, after = session.run(None, {"input": frames, "state": states, "sr": rate})
        return probabilities[:, 0], after

    return run


def _onnx_weights() -> Path:
    found = find_spec("silero_vad")  # imports nothing: the package's own import would bring PyTorch
    folders = found.submodule_search_locations if found is not None else None
    if not folders:
        raise ModelError("the package silero-vad, which carries the model, is not installed; run: pip install silero-vad")
    weights = Path(folders[0]) / "data" / WEIGHTS_ONNX
    if not weights.is_file():
        raise ModelError(f"the package silero-vad lacks {weights}; install a version from 6.2 on and below 7")
    return weights
