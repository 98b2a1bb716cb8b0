"""One process of a training run: network, losses, optimizer, and how far it has come."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from augment import Augmenter, mask_bands
from batches import BatchSource
from corpus import read_corpus
from objective import AngularMarginSoftmax, distillation
from targets import Targets
from torch import Tensor, nn

from speaker_tracker_stages.ecapa_mini_network import EcapaMini
from speaker_tracker_stages.speechbrain_embedding.torchaudio_fallback import ensure_torchaudio

GROUP = 4
"""Crops of a batch that were recorded alike."""
SHARED_MEAN = 0.6
"""How many of the groups are normalized by the mean of all their windows, as in a session, and not each window by its own."""
TEACHING, NAMING = 5.0, 0.25
"""Weights of the two losses; without a teacher, the second alone counts."""
MARGIN, MARGIN_REACHED = 0.25, 0.4
"""The angular margin in radians, and the share of the training by which it has grown to that from 0."""
WARM_UP = 0.03
AVERAGE_DECAY = 0.998
GRADIENT_NORM = 5.0
WEIGHT_DECAY = 0.03


@dataclass(frozen=True, slots=True)
class Plan:
    """What the command line asked for."""

    work: Path
    run: Path
    verification: Path | None
    minutes: float
    batch: int
    rate: float
    processes: int
    check_minutes: float
    start_from: Path | None
    seed: int
    network: dict[str, Any]


class Training:
    """Goes on from the last checkpoint in ``plan.run`` if there is one. ``rank``: which of the ``processes`` this is."""

    def __init__(self, rank: int, plan: Plan, processes: int) -> None:
        self.plan, self.processes = plan, processes
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.step, self.seconds = 0, 0.0
        torch.manual_seed(plan.seed)
        self.network = EcapaMini(**plan.network)
        if plan.start_from:
            self.network.load_state_dict(torch.load(plan.start_from, map_location="cpu", weights_only=True))
        self.network.to(self.device)
        corpus = read_corpus(plan.work)
        targets = Targets(plan.work, corpus, self.network.embed.out_features)
        self._taught = targets.taught
        self.softmax = AngularMarginSoftmax(torch.from_numpy(targets.centres)).to(self.device)
        self.average = copy.deepcopy(self.network).eval()
        self.optimizer = torch.optim.AdamW(self._parameter_groups(), lr=plan.rate, fused=True)
        self._resume()
        torch.manual_seed(plan.seed + 1000 * rank + self.step)
        seed = (plan.seed, self.step)
        self.source = BatchSource(corpus, targets, size=plan.batch // processes, group=GROUP, rank=rank, seed=seed)
        noise = torch.from_numpy(np.fromfile(plan.work / "noise.i16", np.int16))
        self.augment = Augmenter(noise, GROUP)
        ensure_torchaudio()
        from speechbrain.lobes.features import Fbank  # noqa: PLC0415 - after torchaudio has been seen to

        self.fbank = Fbank(n_mels=80).to(self.device)

    @property
    def progress(self) -> float:
        """How much of the training time is over, 0 to 1."""
        return min(1.0, self.seconds / (60 * self.plan.minutes))

    def run_step(self) -> dict[str, float]:
        """One step of the optimizer; answers the losses of this process."""
        rate = self.plan.rate * min(self.progress / WARM_UP, (1 + math.cos(math.pi * self.progress)) / 2)
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = max(rate, 1e-6)
        batch = self.source.draw()
        with torch.no_grad():
            features = self._features(self.augment(batch.voices.to(self.device)))
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            embeddings = self.network(features)[:, 0]
        embeddings = embeddings.float()
        teaching = distillation(embeddings, batch.targets.to(self.device))
        margin = MARGIN * min(1.0, self.progress / MARGIN_REACHED)
        naming = self.softmax(embeddings, batch.speakers.to(self.device), margin)
        loss = TEACHING * teaching + NAMING * naming if self._taught else naming
        self.optimizer.zero_grad()
        loss.backward()
        self._share_gradients()
        nn.utils.clip_grad_norm_([one for group in self.optimizer.param_groups for one in group["params"]], GRADIENT_NORM)
        self.optimizer.step()
        self._average_weights()
        self.step += 1
        return {"distillation": teaching.item(), "softmax": naming.item()}

    def checkpoint(self) -> None:
        """Writes everything that a later run needs, all or nothing."""
        state = {
            "arguments": self.plan.network,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "softmax": self.softmax.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        fresh = self._file.with_suffix(".new")
        torch.save(state, fresh)
        fresh.replace(self._file)

    @property
    def _file(self) -> Path:
        return self.plan.run / "checkpoint.pt"

    def _resume(self) -> None:
        if not self._file.exists():
            return
        state = torch.load(self._file, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.softmax.load_state_dict(state["softmax"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]

    def _features(self, voices: Tensor) -> Tensor:
        features = self.fbank(voices)
        own = features.mean(1, keepdim=True).unflatten(0, (-1, GROUP))
        shared = (torch.rand(len(own)) < SHARED_MEAN).to(self.device)[:, None, None, None]
        means = torch.where(shared, own.mean(1, keepdim=True), own).flatten(0, 1)
        return mask_bands(features - means, share=0.4, widest=8)

    def _parameter_groups(self) -> list[dict[str, Any]]:
        parameters = [*self.network.parameters(), *self.softmax.parameters()]
        return [
            {"params": [one for one in parameters if one.ndim > 1], "weight_decay": WEIGHT_DECAY},
            {"params": [one for one in parameters if one.ndim <= 1], "weight_decay": 0.0},
        ]

    def _share_gradients(self) -> None:
        if self.processes == 1:
            return
        gradients = [one.grad for group in self.optimizer.param_groups for one in group["params"] if one.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients]) / self.processes
        dist.all_reduce(flat)
        for gradient, part in zip(gradients, torch.split(flat, [gradient.numel() for gradient in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    @torch.no_grad()
    def _average_weights(self) -> None:
        decay = min(AVERAGE_DECAY, (self.step + 1) / (self.step + 10))
        for mean, now in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, 1 - decay)
            else:
                mean.copy_(now)
