"""Where in the space of embeddings each voice belongs, after the teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import normalize

TEACHER_WEIGHTS = (1.5, 1.0, 1.0)
"""Lengths of the teachers' parts: of those of long clips, CAM++ says most."""
OWN_SHARE = 0.3
"""How much of a block's target is what the teachers hear there; the rest is what they hear of the speaker on average."""
SHRINKING = 0.25
"""Power of the within-class covariance normalization (Hatch et al., Interspeech 2006); 1 is all of it."""


@dataclass(frozen=True, slots=True)
class Projection:
    """From the teachers' embeddings, side by side, to targets.

    ``dimensions``: of each teacher; ``mean``: over all speakers, shape ``(sum of dimensions,)``; ``matrix``: from all teachers' to
    the student's dimensions, shape ``(sum of dimensions, d)``.
    """

    dimensions: list[int]
    mean: Tensor
    matrix: Tensor

    def __call__(self, embeddings: Tensor) -> Tensor:
        """Rows of unit length, shape ``(n, d)``."""
        return normalize(self.fused(embeddings) @ self.matrix, dim=1)

    def fused(self, embeddings: Tensor) -> Tensor:
        """Each teacher's embedding less its mean and of the teacher's length, side by side."""
        parts = torch.split(embeddings.float() - self.mean, self.dimensions, dim=1)
        return torch.cat([weight * normalize(part, dim=1) for weight, part in zip(TEACHER_WEIGHTS, parts, strict=True)], dim=1)

    def save(self, file: Path) -> None:
        """Writes all of it."""
        torch.save({"dimensions": self.dimensions, "mean": self.mean.cpu(), "matrix": self.matrix.cpu()}, file)

    @classmethod
    def load(cls, file: Path, device: torch.device) -> Projection:
        """What ``save`` wrote."""
        state = torch.load(file, map_location=device, weights_only=True)
        return cls(state["dimensions"], state["mean"], state["matrix"])


def fit_projection(embeddings: Tensor, speakers: Tensor, dimensions: Sequence[int], dimension: int) -> Projection:
    """The ``dimension`` directions in which speakers differ most, those in which a speaker varies counting less.

    ``embeddings``: of all teachers, shape ``(n, sum of dimensions)``; ``speakers``: shape ``(n,)``, each variant a speaker of its
    own; those of speaker -1 do not count.
    """
    known = speakers >= 0
    embeddings, speakers = embeddings[known].float(), speakers[known]
    means, _ = speaker_means(embeddings, speakers)
    plain = Projection(list(dimensions), means.mean(0), torch.eye(sum(dimensions), device=embeddings.device))
    fused = plain.fused(embeddings).double()
    means, count = speaker_means(fused, speakers)
    number = (torch.bincount(speakers) > 0).cumsum(0)[speakers] - 1
    within = (fused - means[number]) / count[number, None].sqrt()
    values, vectors = torch.linalg.eigh(within.T @ within / len(count))
    values = values.clamp_min(1e-3 * float(values.max()))
    shrink = vectors @ torch.diag(values ** (-SHRINKING / 2)) @ vectors.T
    between = means @ shrink
    between = between - between.mean(0)
    _, directions = torch.linalg.eigh(between.T @ between)
    return Projection(plain.dimensions, plain.mean, (shrink @ directions[:, -dimension:]).float())


def speaker_means(vectors: Tensor, speakers: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of each speaker's rows and how many there are, in the order of the numbers of those who have any."""
    count = torch.bincount(speakers)
    sums = torch.zeros(len(count), vectors.shape[1], dtype=vectors.dtype, device=vectors.device)
    sums.index_add_(0, speakers, vectors)
    return sums[count > 0] / count[count > 0, None], count[count > 0]


def targets_and_centres(vectors: Tensor, speakers: Tensor, people: int) -> tuple[Tensor, Tensor]:
    """Target of every block, and centre of every speaker, shape ``(people, d)``, all of unit length.

    ``vectors``: of blocks, as ``Projection`` makes them; ``speakers``: of blocks, -1 without a name.
    """
    known = speakers >= 0
    centres = torch.zeros(people, vectors.shape[1], device=vectors.device)
    centres = normalize(centres.index_add_(0, speakers[known], vectors[known]), dim=1)
    mixed = OWN_SHARE * vectors + (1 - OWN_SHARE) * centres[speakers.clamp_min(0)]
    return torch.where(known[:, None], normalize(mixed, dim=1), vectors), centres
