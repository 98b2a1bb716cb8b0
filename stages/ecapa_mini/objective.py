"""What the network is trained for: to say what the teacher says, and to keep the training speakers apart."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize


class AngularMarginSoftmax(nn.Module):
    """Additive angular margin softmax over speakers (Deng et al., "ArcFace", CVPR 2019).

    ``centres``: where the speakers lie at first, shape ``(speakers, d)``.
    """

    def __init__(self, centres: Tensor, scale: float = 30.0) -> None:
        super().__init__()
        self.centres = nn.Parameter(normalize(centres, dim=1))
        self._scale = scale

    def forward(self, embeddings: Tensor, speakers: Tensor, margin: float) -> Tensor:
        """Mean loss of embeddings, shape ``(n, d)``, of ``speakers``, shape ``(n,)``; those of speaker -1 do not count."""
        known = speakers >= 0
        cosines = normalize(embeddings[known], dim=1) @ normalize(self.centres, dim=1).T
        own = speakers[known, None]
        cosine = cosines.gather(1, own).clamp(-1 + 1e-6, 1 - 1e-6)
        with_margin = torch.cos((cosine.acos() + margin).clamp_max(torch.pi))
        return cross_entropy(self._scale * cosines.scatter(1, own, with_margin), speakers[known])


def distillation(embeddings: Tensor, targets: Tensor) -> Tensor:
    """One minus the cosine between embeddings and their targets, both of shape ``(n, d)``, on average."""
    return 1 - (normalize(embeddings, dim=1) * normalize(targets, dim=1)).sum(1).mean()
