"""The network of ``ecapa-mini``: ECAPA-TDNN reshaped for short windows on a CPU.

Kept of Desplanques et al., "ECAPA-TDNN" (Interspeech 2020): Res2Net blocks with squeeze and excitation, aggregation of the
features of all blocks, and attentive statistics pooling. Different: a small two-dimensional convolution in front, which is
blind to shifts in frequency and halves the frame rate (as in Wang et al., "CAM++", Interspeech 2023), batch normalization before
the activation, so that it can be folded into the weights, and frames-by-channels matrices throughout, so that nearly all work is
done by matrix products.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

EPSILON = 1e-6


class Extent:
    """How far each window of a batch reaches; what lies behind is as if it were not there. For inference: zeros are put in place.

    ``lengths``: in frames, each at least 1; None: all windows reach to the end.
    """

    def __init__(self, lengths: Sequence[int] | None = None) -> None:
        self._lengths = lengths

    def halved(self) -> Extent:
        """At half as many frames a second."""
        return self if self._lengths is None else Extent([(length + 1) // 2 for length in self._lengths])

    def within(self, x: Tensor, behind: float = 0.0) -> Tensor:
        """``x``, shape ``(batch, frames, ...)``, with ``behind`` in the place of what lies behind each window."""
        for row, length in enumerate(self._lengths or ()):
            if length < x.shape[1]:
                x[row, length:] = behind
        return x

    def mean(self, x: Tensor) -> Tensor:
        """Mean over the frames of each window, shape ``(batch, channels)``."""
        if self._lengths is None:
            return x.mean(dim=1)
        return self.within(x).sum(dim=1) / torch.tensor(self._lengths, dtype=torch.float32)[:, None]


class Norm(nn.BatchNorm1d):
    """Batch normalization of the last axis."""

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as ``x``."""
        return super().forward(x.flatten(0, -2)).view_as(x)


class Tdnn(nn.Module):
    """A convolution over time, shape ``(batch, frames, features)`` in and out, with normalization and rectification."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.kernel = kernel
        self.dilation = dilation
        self.linear = nn.Linear(kernel * inputs, outputs, bias=False)
        self.norm: nn.Module = Norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Same number of frames as ``x``, which is padded with zeros."""
        return torch.relu(self.norm(self.linear(neighbours(x, self.kernel, self.dilation))))

    def fold(self) -> None:
        """Merges the normalization into the weights."""
        self.linear, self.norm = _linear_with(self.linear, self.norm)


def _linear_with(linear: nn.Linear, norm: nn.Module) -> tuple[nn.Linear, nn.Module]:
    """One layer that does what both do, and a placeholder for ``norm``."""
    return (fuse_linear_bn_eval(linear, norm), nn.Identity()) if isinstance(norm, nn.BatchNorm1d) else (linear, norm)


def _convolution_with(convolution: nn.Conv2d, norm: nn.Module) -> tuple[nn.Conv2d, nn.Module]:
    """One convolution that does what both do, and a placeholder for ``norm``."""
    return (fuse_conv_bn_eval(convolution, norm), nn.Identity()) if isinstance(norm, nn.BatchNorm2d) else (convolution, norm)


def neighbours(x: Tensor, kernel: int, dilation: int) -> Tensor:
    """Each frame with those around it, shape ``(batch, frames, kernel * features)``."""
    if kernel == 1:
        return x
    frames = x.shape[1]
    margin = dilation * (kernel // 2)
    padded = nn.functional.pad(x, (0, 0, margin, margin))
    return torch.cat([padded[:, offset * dilation : offset * dilation + frames] for offset in range(kernel)], dim=-1)


def _within(extent: Extent, x: Tensor) -> Tensor:
    """``Extent.within`` of shape ``(batch, channels, frames, bands)``."""
    return extent.within(x.transpose(1, 2)).transpose(1, 2)


def _convolved_by_product(x: Tensor, convolution: nn.Conv2d) -> Tensor:
    """``convolution`` of one channel, shape ``(batch, frames, bands)``; as one matrix product, which is faster where there is one.

    Shape of the result: ``(batch, channels, frames / 2, bands / 2)``, channels last in memory.
    """
    size, step = convolution.kernel_size, convolution.stride
    around = [side // 2 for side in size]
    padded = nn.functional.pad(x, (around[1], around[1], around[0], around[0]))
    patches = padded.unfold(1, size[0], step[0]).unfold(2, size[1], step[1]).flatten(3)
    return nn.functional.linear(patches, convolution.weight.flatten(1), convolution.bias).permute(0, 3, 1, 2)


class ResidualConvolutions(nn.Module):
    """Two convolutions of 3 x 3 around a residual connection; shape ``(batch, channels, frames, bands)`` in and out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm: nn.Module = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm: nn.Module = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor, extent: Extent) -> Tensor:
        """Same shape as ``x``."""
        update = _within(extent, torch.relu(self.first_norm(self.first(x))))
        return _within(extent, torch.relu(x + self.second_norm(self.second(update))))

    def fold(self) -> None:
        """Merges the normalizations into the weights."""
        self.first, self.first_norm = _convolution_with(self.first, self.first_norm)
        self.second, self.second_norm = _convolution_with(self.second, self.second_norm)


class Front(nn.Module):
    """Two-dimensional convolutions over time and frequency; halves the frames and quarters the bands."""

    def __init__(self, channels: int, blocks: int = 0) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, channels, 5, stride=2, padding=2, bias=False)
        self.first_norm: nn.Module = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, stride=(1, 2), padding=1, bias=False)
        self.second_norm: nn.Module = nn.BatchNorm2d(channels)
        self.blocks = nn.ModuleList([ResidualConvolutions(channels) for _ in range(blocks)])

    def forward(self, x: Tensor, extent: Extent) -> Tensor:
        """From ``(batch, frames, bands)`` to ``(batch, frames / 2, bands / 4 * channels)``; ``extent``: of the latter."""
        x = _within(extent, torch.relu(self.first_norm(_convolved_by_product(x, self.first))))
        x = _within(extent, torch.relu(self.second_norm(self.second(x))))
        for block in self.blocks:
            x = block(x, extent)
        return x.permute(0, 2, 3, 1).flatten(2)

    def fold(self) -> None:
        """Merges the normalizations into the weights."""
        self.first, self.first_norm = _convolution_with(self.first, self.first_norm)
        self.second, self.second_norm = _convolution_with(self.second, self.second_norm)


class SqueezeExcite(nn.Module):
    """Weights channels by their mean over the whole window."""

    def __init__(self, channels: int, bottleneck: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, bottleneck)
        self.excite = nn.Linear(bottleneck, channels)

    def forward(self, x: Tensor, extent: Extent) -> Tensor:
        """Same shape as ``x``."""
        weights = torch.sigmoid(self.excite(torch.relu(self.squeeze(extent.mean(x)))))
        return x * weights.unsqueeze(1)


class Block(nn.Module):
    """A Res2Net block with squeeze and excitation around a residual connection."""

    def __init__(self, channels: int, scale: int, dilation: int, bottleneck: int) -> None:
        super().__init__()
        width = channels // scale
        self.scale = scale
        self.before = Tdnn(channels, channels)
        self.branches = nn.ModuleList([Tdnn(width, width, 3, dilation) for _ in range(scale - 1)])
        self.after = nn.Linear(channels, channels, bias=False)
        self.norm: nn.Module = Norm(channels)
        self.gate = SqueezeExcite(channels, bottleneck)

    def forward(self, x: Tensor, extent: Extent) -> Tensor:
        """Same shape as ``x``."""
        first, *rest = extent.within(self.before(x)).chunk(self.scale, dim=-1)
        parts = [first]
        for branch, part in zip(self.branches, rest, strict=True):
            parts.append(branch(part if len(parts) == 1 else part + extent.within(parts[-1])))
        update: Tensor = self.gate(self.norm(self.after(torch.cat(parts, dim=-1))), extent)
        return x + update

    def fold(self) -> None:
        """Merges the last normalization into the weights; the others are those of its parts."""
        self.after, self.norm = _linear_with(self.after, self.norm)


class AttentiveStatistics(nn.Module):
    """Mean and standard deviation over time, weighted by attention for each channel."""

    def __init__(self, channels: int, bottleneck: int) -> None:
        super().__init__()
        self.of_frame = nn.Linear(channels, bottleneck)
        self.of_window = nn.Linear(2 * channels, bottleneck, bias=False)
        self.attention = nn.Linear(bottleneck, channels)

    def forward(self, x: Tensor, extent: Extent) -> Tensor:
        """From ``(batch, frames, channels)`` to ``(batch, 2 * channels)``."""
        mean = extent.mean(x)
        deviation = (extent.mean(x.square()) - mean.square()).clamp_min(EPSILON).sqrt()
        hidden = torch.tanh(self.of_frame(x) + self.of_window(torch.cat([mean, deviation], dim=-1)).unsqueeze(1))
        weights = torch.softmax(extent.within(self.attention(hidden), behind=float("-inf")), dim=1)
        mean = (weights * x).sum(dim=1)
        deviation = ((weights * x.square()).sum(dim=1) - mean.square()).clamp_min(EPSILON).sqrt()
        return torch.cat([mean, deviation], dim=-1)


class EcapaMini(nn.Module):
    """Features of a window, shape ``(batch, frames, input_size)``, to embeddings, shape ``(batch, 1, lin_neurons)``.

    ``input_size``: bands of the features, a multiple of four, at 10 ms a frame and less their mean. ``channels``: of the blocks, a
    multiple of ``res2net_scale``; ``aggregate_channels``: before pooling; ``dilations``: one a block; ``front_blocks``: residual
    pairs of two-dimensional convolutions of ``front_channels``, at 20 ms a frame and a quarter of the bands. The first block sees a
    frame every 20 ms, the others one every 40 ms. Embeddings are not of unit length. The names of arguments are those of
    SpeechBrain's ``ECAPA_TDNN`` where they mean the same.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one argument a hyperparameter
        self,
        input_size: int = 80,
        channels: int = 256,
        aggregate_channels: int = 512,
        dilations: Sequence[int] = (1, 1, 2),
        res2net_scale: int = 4,
        front_channels: int = 16,
        se_channels: int = 64,
        attention_channels: int = 64,
        lin_neurons: int = 256,
        front_blocks: int = 0,
    ) -> None:
        super().__init__()
        self.front = Front(front_channels, front_blocks)
        self.enter = Tdnn(input_size // 4 * front_channels, channels)
        self.halve = Tdnn(2 * channels, channels)
        self.blocks = nn.ModuleList([Block(channels, res2net_scale, dilation, se_channels) for dilation in dilations])
        self.aggregate = Tdnn(channels * len(dilations), aggregate_channels)
        self.pool = AttentiveStatistics(aggregate_channels, attention_channels)
        self.pool_norm = nn.BatchNorm1d(2 * aggregate_channels)
        self.embed = nn.Linear(2 * aggregate_channels, lin_neurons)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Embeddings of a batch of windows.

        ``lengths``: of each window as a share of the longest, as ``EncoderClassifier`` has it, shape ``(batch,)``; what lies behind
        has no effect. None: all are as long.
        """
        frames = x.shape[1]
        whole = Extent(None if lengths is None else (lengths * frames).round().int().tolist())
        extent = whole.halved()
        x = extent.within(self.blocks[0](self.enter(self.front(whole.within(x), extent)), extent))
        even = nn.functional.pad(x, (0, 0, 0, x.shape[1] % 2))
        pairs = even.reshape(len(even), -1, 2, even.shape[2])
        extent = extent.halved()
        outputs = [pairs.mean(dim=2)]
        x = self.halve(pairs.flatten(2))
        for block in self.blocks[1:]:
            x = block(x, extent)
            outputs.append(x)
        x = self.pool(self.aggregate(torch.cat(outputs, dim=-1)), extent)
        embeddings: Tensor = self.embed(self.pool_norm(x))
        return embeddings.unsqueeze(1)

    def fold(self) -> None:
        """Merges normalizations into the weights before them, for good: the same answers in less time, for inference only."""
        self.eval()
        for module in list(self.modules()):
            if isinstance(module, Tdnn | Front | ResidualConvolutions | Block):
                module.fold()
