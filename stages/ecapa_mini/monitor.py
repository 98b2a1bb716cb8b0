"""The equal error rate while training goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from speaker_tracker.evaluation.utterances import read_utterances, utterance_files
from speaker_tracker.evaluation.verification import cosine_trials, equal_error_rate, window_starts

WINDOW = 24000
NOISE_DB = 10.0


class Monitor:
    """Windows of 1.5 s of ``verification/READER/*``, clean and with white noise at 10 dB."""

    def __init__(self, verification: Path, fbank: nn.Module) -> None:
        self._fbank = fbank
        clean, noisy, means, speakers, utterances = [], [], [], [], []
        heard = read_utterances(utterance_files(verification))
        readers = sorted({utterance.speaker for utterance in heard})
        random = np.random.default_rng(0)
        for number, utterance in enumerate(heard):
            samples = utterance.samples
            for start in window_starts(len(samples), WINDOW):
                window = samples[start : start + WINDOW]
                level = np.sqrt(np.mean(window**2)) * 10 ** (-NOISE_DB / 20)
                clean.append(window)
                noisy.append(window + level * random.standard_normal(WINDOW).astype(np.float32))
                means.append(self._features(samples[None]).mean(1))
                speakers.append(readers.index(utterance.speaker))
                utterances.append(number)
        self._means = torch.cat(means)[:, None]
        self._clean = self._features(np.stack(clean))
        self._noisy = self._features(np.stack(noisy))
        self._speakers, self._utterances = np.array(speakers), np.array(utterances)

    def measure(self, network: nn.Module) -> dict[str, float]:
        """Equal error rates in percent."""
        own = self._clean.mean(1, keepdim=True)
        return {
            "eer": self._rate(network, self._clean - own),
            "eer_context": self._rate(network, self._clean - self._means),
            "eer_noise": self._rate(network, self._noisy - self._noisy.mean(1, keepdim=True)),
        }

    @torch.inference_mode()
    def _rate(self, network: nn.Module, features: Tensor) -> float:
        device = next(network.parameters()).device
        embeddings = torch.cat([network(part.to(device))[:, 0].float().cpu() for part in torch.split(features, 64)]).numpy()
        return round(100 * equal_error_rate(cosine_trials(embeddings, self._speakers, self._utterances)), 2)

    @torch.inference_mode()
    def _features(self, samples: NDArray[np.float32]) -> Tensor:
        device = next((buffer.device for buffer in self._fbank.buffers()), torch.device("cpu"))
        features: Tensor = self._fbank(torch.from_numpy(samples).float().to(device)).cpu()
        return features
