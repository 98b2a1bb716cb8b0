"""What the network is trained for: to say what the teachers say, and to keep the training speakers apart."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

FAR = -1e4
"""What stands in the place of a logit that does not count."""


class AngularMarginSoftmax(nn.Module):
    """Additive angular margin softmax (Deng et al., "ArcFace", CVPR 2019) over people in several voices each.

    ``centres``: variant after variant, shape ``(variants * people, d)``. A person's other voices count neither for nor against.
    """

    def __init__(self, centres: Tensor, people: int, scale: float = 30.0) -> None:
        super().__init__()
        self.centres = nn.Parameter(normalize(centres, dim=1))
        self._people = people
        self._scale = scale

    def forward(self, embeddings: Tensor, people: Tensor, variants: Tensor, margin: float, heard: int) -> Tensor:
        """Mean loss of embeddings, shape ``(n, d)``; ``people`` and ``variants``: shape ``(n,)``; person -1 does not count.

        ``heard``: variants whose centres are in use.
        """
        known = (people >= 0).float()
        person = people.clamp_min(0)
        centres = normalize(self.centres[: heard * self._people], dim=1)
        cosines = normalize(embeddings, dim=1) @ centres.to(embeddings.dtype).T
        own = (person + variants * self._people)[:, None]
        cosine = cosines.gather(1, own).float().clamp(-1 + 1e-6, 1 - 1e-6)
        with_margin = self._scale * torch.cos((cosine.acos() + margin).clamp_max(torch.pi))
        voices = person[:, None] + self._people * torch.arange(heard, device=people.device)
        logits = (self._scale * cosines.float()).scatter(1, voices, FAR).scatter(1, own, with_margin)
        losses = cross_entropy(logits, own[:, 0], reduction="none")
        return (losses * known).sum() / known.sum().clamp_min(1)


def distillation(embeddings: Tensor, targets: Tensor) -> Tensor:
    """One minus the cosine between embeddings and their targets, both of shape ``(n, d)``, on average."""
    return 1 - (normalize(embeddings, dim=1) * normalize(targets, dim=1)).sum(1).mean()
