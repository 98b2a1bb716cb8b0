"""The equal error rate while training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from corpus import SAMPLE_RATE
from numpy.typing import NDArray
from torch import Tensor, nn

from speaker_tracker.evaluation.utterances import Utterance, read_utterances, through_line, utterance_files, with_noise
from speaker_tracker.evaluation.verification import cosine_trials, equal_error_rate, window_starts

NOISE_DB = 10.0
LINE_RATE = 8000


class Condition:
    """Windows of ``seconds`` of some utterances, each less its own mean."""

    def __init__(self, utterances: Sequence[Utterance], seconds: float, fbank: nn.Module, device: torch.device) -> None:
        window = int(seconds * SAMPLE_RATE)
        cuts, speakers, numbers = [], [], []
        readers = sorted({utterance.speaker for utterance in utterances})
        for number, utterance in enumerate(utterances):
            for start in window_starts(len(utterance.samples), window):
                cuts.append(utterance.samples[start : start + window])
                speakers.append(readers.index(utterance.speaker))
                numbers.append(number)
        with torch.inference_mode():
            features: Tensor = fbank(torch.from_numpy(np.stack(cuts)).float().to(device))
            self._features = features - features.mean(1, keepdim=True)
        self._speakers, self._utterances = np.array(speakers), np.array(numbers)

    @torch.inference_mode()
    def measure(self, network: nn.Module) -> float:
        """Equal error rate in percent."""
        embeddings = torch.cat([network(part)[:, 0].float().cpu() for part in torch.split(self._features, 128)]).numpy()
        return round(100 * equal_error_rate(cosine_trials(embeddings, self._speakers, self._utterances)), 2)


class Monitor:
    """``verification/READER/*`` as ``speaker-tracker evaluate-embedding`` hears it.

    ``noise``: int16 PCM, shape ``(n,)``.
    """

    def __init__(self, verification: Path, noise: NDArray[np.int16], fbank: nn.Module, device: torch.device) -> None:
        heard = read_utterances(utterance_files(verification))
        noisy = with_noise(heard, noise.astype(np.float32), NOISE_DB)
        line = through_line(heard, LINE_RATE)
        self._conditions = {
            f"eer{name}_{seconds}": Condition(utterances, seconds, fbank, device)
            for name, utterances in (("", heard), ("_noise", noisy), ("_line", line))
            for seconds in (1.5, 3.0)
            if any(len(utterance.samples) >= seconds * SAMPLE_RATE for utterance in heard)
        }

    def measure(self, network: nn.Module) -> dict[str, float]:
        """Equal error rates in percent: clean, with noise at 10 dB, and on an 8 kHz line; 1.5 s and, where there are any, 3 s."""
        return {name: condition.measure(network) for name, condition in self._conditions.items()}
