"""Export of the features of a SpeechBrain model: the constants by which NumPy computes the same log mel filterbank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.models import ModelError
from speaker_tracker.stagekit.log_mel import LogMel
from speaker_tracker_stages.speechbrain_embedding.network import SpeechBrainNetwork

if TYPE_CHECKING:
    from speechbrain.lobes.features import Fbank

MAX_DIFFERENCE_DB = 0.01
"""Maximum difference between the features of NumPy and those of the model."""


def export_features(module: Any, network: SpeechBrainNetwork, windows: Sequence[NDArray[np.float32]]) -> LogMel:
    """The features of ``module``, by NumPy, checked with ``windows``, batches of shape ``(n, samples)``.

    Raises ``ModelError`` where they are no plain log mel filterbank.
    """
    from speechbrain.lobes.features import Fbank  # noqa: PLC0415 - a second of import

    if not isinstance(module, Fbank):
        raise ModelError(f"a model whose features are {type(module).__name__} cannot be exported; it must be SpeechBrain's Fbank")
    features = _constants(module)
    for batch in windows:
        own, expected = features(batch), network.features(batch)
        if own.shape != expected.shape or not np.allclose(own, expected, rtol=0, atol=MAX_DIFFERENCE_DB):
            raise ModelError("the model's features cannot be exported: only log mel filterbanks without deltas and context can")
    return features


def _constants(module: Fbank) -> LogMel:
    import torch  # noqa: PLC0415

    spectrum, bank = module.compute_STFT, module.compute_fbanks
    bins = spectrum.n_fft // 2 + 1
    logarithmic, bank.log_mel = bank.log_mel, False
    try:
        with torch.inference_mode():
            filterbank = bank(torch.eye(bins)[None])[0].numpy()
    finally:
        bank.log_mel = logarithmic
    window = np.asarray(spectrum.window.numpy(), np.float32)
    around = spectrum.n_fft - len(window)
    return LogMel(
        window=np.pad(window, (around // 2, around - around // 2)),
        filterbank=np.asarray(filterbank, np.float32),
        hop=int(spectrum.hop_length),
        floor=float(bank.amin),
        range_db=float(bank.top_db),
    )
