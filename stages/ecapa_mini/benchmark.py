"""CPU time of one window, one thread, against networks of known size in the same run: ``python benchmark.py [FOLDER]``.

Every network begins at the samples, as a server does. The model in ``FOLDER``, if one is named, is timed beside the one that is
installed; the others have random weights: time does not depend on them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from teachers import Resemblyzer
from torch import Tensor

from speaker_tracker.models.catalogue import EMBEDDED
from speaker_tracker.stagekit.speech_windows import Window
from speaker_tracker.stagekit.voice_encoder import VoiceEncoder, VoiceQuery
from speaker_tracker_stages.speechbrain_embedding.encoder import load_encoder
from speaker_tracker_stages.speechbrain_embedding.network import SpeechBrainNetwork

RATE = 16000


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="another model folder to time")
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    samples = np.random.default_rng(0).normal(0, 0.1, int(RATE * arguments.seconds)).astype(np.float32)
    calls = _calls(samples, arguments.folder)
    times: dict[str, list[float]] = {name: [] for name in calls}
    with torch.inference_mode():
        for _ in range(arguments.rounds + 3):
            for name, call in calls.items():
                begun = time.perf_counter()
                call()
                times[name].append(time.perf_counter() - begun)
    medians = {name: float(np.median(seconds[3:])) for name, seconds in times.items()}
    own = next(iter(medians.values()))
    for name, seconds in medians.items():
        print(f"{name:36} {1000 * seconds:7.2f} ms   {seconds / own:5.1f} x")


def _calls(samples: np.ndarray[tuple[int], np.dtype[np.float32]], folder: Path | None) -> dict[str, Callable[[], object]]:
    folders = {"ecapa-mini": EMBEDDED} | ({folder.name: folder} if folder else {})
    encoders = {name: VoiceEncoder(SpeechBrainNetwork(load_encoder(source))) for name, source in folders.items()}
    from speechbrain.lobes.features import Fbank  # noqa: PLC0415 - after torchaudio has been seen to
    from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN  # noqa: PLC0415

    window = Window(0, len(samples), 0, len(samples), len(samples), samples)
    batch = torch.from_numpy(samples)[None]
    lstm, fbank = Resemblyzer(), Fbank(n_mels=80)
    full = ECAPA_TDNN(80, channels=[1024] * 4 + [3072], kernel_sizes=[5, 3, 3, 3, 1], dilations=[1, 2, 3, 4, 1], lin_neurons=192)
    full.eval()

    def ecapa() -> Tensor:
        features = fbank(batch)
        embedding: Tensor = full(features - features.mean(1, keepdim=True))
        return embedding

    torch.set_num_threads(1)
    return {
        **{name: partial(encoder.infer, [VoiceQuery([window], None)]) for name, encoder in encoders.items()},
        "LSTM voice encoder, 1.4 M parameters": lambda: lstm(batch),
        "ECAPA-TDNN, 1024 channels": ecapa,
    }


if __name__ == "__main__":
    main()
