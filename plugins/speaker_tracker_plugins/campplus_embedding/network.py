"""CAM++ in PyTorch: a densely connected time delay network whose layers are masked by what the context says.

Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware Masking", Interspeech 2023. The names
of the modules are those of the published weights (3D-Speaker, ``speech_campplus_sv_zh_en_16k-common_advanced``). In shapes, B is
the batch, T are frames and C are channels.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

BANDS = 80
DIMENSION = 192
FRONT_CHANNELS = 32
FIRST_CHANNELS = 128
GROWTH = 32
"""Channels that each layer of a dense block adds."""
BOTTLENECK = 128
BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of each dense block."""
SEGMENT_FRAMES = 100
"""Frames of a segment in the pooling of contexts: 2 s, as the network has a frame each 20 ms."""


class CamPlusPlus(nn.Module):
    """From features, shape ``(B, T, 80)``, to embeddings of any norm, shape ``(B, 192)``.

    Features are less their mean, a frame each 10 ms and at least three of them. The last layer is a normalization without a
    rectifier after it, as published; a rectifier there, as in some copies of the network, throws away what is below zero and nearly
    doubles the equal error rate.
    """

    def __init__(self) -> None:
        super().__init__()
        self.head = FrontEnd()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["tdnn"] = Sampling(FRONT_CHANNELS * BANDS // 8, FIRST_CHANNELS)
        channels = FIRST_CHANNELS
        for number, (depth, dilation) in enumerate(BLOCKS, start=1):
            layers[f"block{number}"] = DenseBlock(channels, depth, dilation)
            channels += depth * GROWTH
            layers[f"transit{number}"] = Transition(channels, channels // 2)
            channels //= 2
        layers["out_nonlinear"] = Norm(channels)
        layers["dense"] = Projection(2 * channels, DIMENSION)
        self.xvector = nn.ModuleDict(layers)

    def forward(self, features: Tensor) -> Tensor:
        """Embeddings, as the class says."""
        x = self.xvector["tdnn"](self.head(features.transpose(1, 2)))
        contexts = Contexts.of(x)
        for number in range(1, len(BLOCKS) + 1):
            x = self.xvector[f"transit{number}"](self.xvector[f"block{number}"](x, contexts))
        x = relu(self.xvector["out_nonlinear"](x))
        statistics = torch.cat([x.mean(2), x.std(2)], dim=1)
        embeddings: Tensor = self.xvector["dense"](statistics)
        return embeddings


class FrontEnd(nn.Module):
    """Residual convolutions over time and frequency: from ``(B, 80, T)`` to ``(B, 320, T)``, 32 channels of ten bands each."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, FRONT_CHANNELS, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(FRONT_CHANNELS)
        self.layer1 = nn.Sequential(Residual(halve=True), Residual(halve=False))
        self.layer2 = nn.Sequential(Residual(halve=True), Residual(halve=False))
        self.conv2 = nn.Conv2d(FRONT_CHANNELS, FRONT_CHANNELS, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(FRONT_CHANNELS)

    def forward(self, bands: Tensor) -> Tensor:
        """As the class says."""
        x = relu(self.bn1(self.conv1(bands.unsqueeze(1))))
        x = self.layer2(self.layer1(x))
        return relu(self.bn2(self.conv2(x))).flatten(1, 2)


class Residual(nn.Module):
    """Two convolutions beside a shortcut, ``(B, C, bands, T)``; ``halve`` the bands or keep them."""

    def __init__(self, *, halve: bool) -> None:
        super().__init__()
        stride = (2, 1) if halve else (1, 1)
        self.conv1 = nn.Conv2d(FRONT_CHANNELS, FRONT_CHANNELS, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(FRONT_CHANNELS)
        self.conv2 = nn.Conv2d(FRONT_CHANNELS, FRONT_CHANNELS, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(FRONT_CHANNELS)
        self.shortcut = nn.Sequential()
        if halve:
            self.shortcut.append(nn.Conv2d(FRONT_CHANNELS, FRONT_CHANNELS, 1, stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(FRONT_CHANNELS))

    def forward(self, x: Tensor) -> Tensor:
        """As the class says."""
        return relu(self.bn2(self.conv2(relu(self.bn1(self.conv1(x))))) + self.shortcut(x))


class Norm(nn.Module):
    """Batch normalization, under the name that it has in the weights."""

    def __init__(self, channels: int, *, affine: bool = True) -> None:
        super().__init__()
        self.batchnorm = nn.BatchNorm1d(channels, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        """Normalized by channels."""
        normalized: Tensor = self.batchnorm(x)
        return normalized


class Sampling(nn.Module):
    """A convolution over five frames that keeps every other one: from ``(B, C, T)`` to ``(B, C', (T + 1) // 2)``."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, out, 5, stride=2, padding=2, bias=False)
        self.nonlinear = Norm(out)

    def forward(self, x: Tensor) -> Tensor:
        """As the class says."""
        return relu(self.nonlinear(self.linear(x)))


@dataclass(frozen=True, slots=True, eq=False)
class Contexts:
    """How contexts are pooled: a context for each segment of ``SEGMENT_FRAMES`` frames, the last of which may be shorter.

    ``pooling``: shape ``(T, segments)``; by it, frames become the mean of all frames plus the mean of those of the segment.
    ``segment``: which segment each frame belongs to, shape ``(T,)``.
    """

    pooling: Tensor
    segment: Tensor

    @classmethod
    def of(cls, x: Tensor) -> Contexts:
        """For frames of shape ``(B, C, T)``."""
        frames = x.shape[2]
        segment = torch.arange(frames, device=x.device) // SEGMENT_FRAMES
        segments = torch.arange((frames + SEGMENT_FRAMES - 1) // SEGMENT_FRAMES, device=x.device)
        within = (segment[:, None] == segments).to(x.dtype)
        return cls(within / within.sum(0) + 1.0 / frames, segment)


class DenseBlock(nn.ModuleDict):
    """Layers each of which hears the block's input and what all layers before it added: ``(B, C + depth * GROWTH, T)``."""

    def __init__(self, channels: int, depth: int, dilation: int) -> None:
        super().__init__({f"tdnnd{n + 1}": DenseLayer(channels + n * GROWTH, dilation) for n in range(depth)})

    def forward(self, x: Tensor, contexts: Contexts) -> Tensor:
        """As the class says."""
        for layer in self.values():
            x = torch.cat([x, layer(x, contexts)], dim=1)
        return x


class DenseLayer(nn.Module):
    """What one layer adds, ``(B, GROWTH, T)``: a bottleneck, and a convolution over time that is masked by its context."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = Norm(channels)
        self.linear1 = nn.Conv1d(channels, BOTTLENECK, 1, bias=False)
        self.nonlinear2 = Norm(BOTTLENECK)
        self.cam_layer = ContextAwareMasking(dilation)

    def forward(self, x: Tensor, contexts: Contexts) -> Tensor:
        """As the class says."""
        narrow = relu(self.nonlinear2(self.linear1(relu(self.nonlinear1(x)))))
        added: Tensor = self.cam_layer(narrow, contexts)
        return added


class ContextAwareMasking(nn.Module):
    """A convolution over three frames whose channels are weighted, 0 to 1, by what the whole and the segment hold."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(BOTTLENECK, GROWTH, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(BOTTLENECK, BOTTLENECK // 2, 1)
        self.linear2 = nn.Conv1d(BOTTLENECK // 2, GROWTH, 1)

    def forward(self, x: Tensor, contexts: Contexts) -> Tensor:
        """From ``(B, BOTTLENECK, T)`` to ``(B, GROWTH, T)``. Masks are computed once a segment, not once a frame."""
        mask = torch.sigmoid(self.linear2(relu(self.linear1(x @ contexts.pooling))))
        masked: Tensor = self.linear_local(x) * mask.index_select(2, contexts.segment)
        return masked


class Transition(nn.Module):
    """Fewer channels behind a dense block, frame by frame."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.nonlinear = Norm(channels)
        self.linear = nn.Conv1d(channels, out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """From ``(B, C, T)`` to ``(B, C', T)``."""
        narrow: Tensor = self.linear(relu(self.nonlinear(x)))
        return narrow


class Projection(nn.Module):
    """The embedding, ``(B, out)``, of statistics, ``(B, C)``."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, out, 1, bias=False)
        self.nonlinear = Norm(out, affine=False)

    def forward(self, statistics: Tensor) -> Tensor:
        """As the class says."""
        embeddings: Tensor = self.nonlinear(self.linear(statistics.unsqueeze(2)).squeeze(2))
        return embeddings
