"""CPU time of one window, one thread, against networks of known size in the same run: ``python benchmark.py``.

Every network begins at the samples, as a server does. Only ``ecapa-mini`` has trained weights: time does not depend on them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from teach import Teacher
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
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    samples = np.random.default_rng(0).normal(0, 0.1, int(RATE * arguments.seconds)).astype(np.float32)
    calls = _calls(samples)
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


def _calls(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> dict[str, Callable[[], object]]:
    encoder = VoiceEncoder(SpeechBrainNetwork(load_encoder(EMBEDDED)))
    from speechbrain.lobes.features import Fbank  # noqa: PLC0415 - after torchaudio has been seen to
    from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN  # noqa: PLC0415

    window = Window(0, len(samples), 0, len(samples), len(samples), samples)
    batch = torch.from_numpy(samples)[None]
    lstm, fbank = Teacher(), Fbank(n_mels=80)
    full = ECAPA_TDNN(80, channels=[1024] * 4 + [3072], kernel_sizes=[5, 3, 3, 3, 1], dilations=[1, 2, 3, 4, 1], lin_neurons=192)
    full.eval()

    def ecapa() -> Tensor:
        features = fbank(batch)
        embedding: Tensor = full(features - features.mean(1, keepdim=True))
        return embedding

    torch.set_num_threads(1)
    return {
        "ecapa-mini": lambda: encoder.infer([VoiceQuery([window], None)]),
        "LSTM voice encoder, 1.4 M parameters": lambda: lstm.embed(batch),
        "ECAPA-TDNN, 1024 channels": ecapa,
    }


if __name__ == "__main__":
    main()
