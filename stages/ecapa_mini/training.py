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
from corpus import noise_file, read_corpus
from objective import AngularMarginSoftmax, distillation
from pool import VoicePool
from torch import Tensor, nn

from speaker_tracker_stages.ecapa_mini_network import EcapaMini
from speaker_tracker_stages.speechbrain_embedding.torchaudio_fallback import ensure_torchaudio

GROUP = 4
"""Crops of a batch that were recorded alike."""
SHARED_MEAN = 0.5
"""How many of the groups are normalized by the mean of all their windows, as in a session, and not each window by its own."""
TEACHING, NAMING = 5.0, 0.2
"""Weights of the two losses."""
MARGIN, MARGIN_REACHED = 0.2, 0.4
"""The angular margin in radians, and the share of the training by which it has grown to that from 0."""
CENTRES_SHARE = 0.1
"""Learning rate of the softmax's centres against the network's: they begin where the teachers say."""
WARM_UP = 0.03
LOWEST_RATE = 1e-6
AVERAGE_DECAY = 0.998
GRADIENT_NORM = 5.0
WEIGHT_DECAY = 0.03
STEPS_BEFORE_NEXT_VARIANT = 150


@dataclass(frozen=True, slots=True)
class Plan:
    """What the command line asked for."""

    work: Path
    run: Path
    verification: Path | None
    minutes: float
    deadline: float | None
    batch: int
    rate: float
    processes: int
    check_minutes: float
    first_variants: int
    start_from: Path | None
    seed: int
    network: dict[str, Any]


class Training:
    """Goes on from the last checkpoint in ``plan.run`` if there is one. ``rank``: which of the ``processes`` this is."""

    def __init__(self, rank: int, plan: Plan, processes: int) -> None:
        self.plan, self.processes = plan, processes
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.step, self.seconds, self.minutes = 0, 0.0, plan.minutes
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
        torch.manual_seed(plan.seed)
        self.network = EcapaMini(**plan.network)
        if plan.start_from:
            load_what_fits(self.network, torch.load(plan.start_from, map_location="cpu", weights_only=True))
        self.network.to(self.device)
        corpus = read_corpus(plan.work)
        self.pool = VoicePool(plan.work, corpus, self.device, self.network.embed.out_features)
        available = self.pool.available()
        if not available:
            raise SystemExit(f"{plan.work} has no voices; run `python teach.py {plan.work}` first")
        self.pool.fill(min(plan.first_variants, available), plan.run / "projection.pt")
        self.softmax = AngularMarginSoftmax(self.pool.centres, corpus.people).to(self.device)
        self.average = copy.deepcopy(self.network).eval()
        self.optimizer = torch.optim.AdamW(self._parameter_groups(), lr=plan.rate, fused=True)
        self._resume()
        torch.manual_seed(plan.seed + 1000 * rank + self.step)
        self.source = BatchSource(self.pool, size=plan.batch // processes, group=GROUP, seed=(plan.seed, self.step))
        self.noise = np.fromfile(noise_file(plan.work), np.int16)
        self.augment = Augmenter(torch.from_numpy(self.noise).to(self.device), GROUP)
        ensure_torchaudio()
        from speechbrain.lobes.features import Fbank  # noqa: PLC0415 - after torchaudio has been seen to

        self.fbank = Fbank(n_mels=80).to(self.device)

    @property
    def progress(self) -> float:
        """How much of the training time is over, 0 to 1."""
        return min(1.0, self.seconds / (60 * self.minutes))

    def run_step(self) -> Tensor:
        """One step of the optimizer; answers the losses of this process, distillation and softmax, shape ``(2,)``."""
        if self.step % STEPS_BEFORE_NEXT_VARIANT == STEPS_BEFORE_NEXT_VARIANT - 1:
            self._hear_more()
        rate = self.plan.rate * min(self.progress / WARM_UP, (1 + math.cos(math.pi * self.progress)) / 2)
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = parameters["share"] * max(rate, LOWEST_RATE)
        batch = self.source.draw()
        with torch.no_grad():
            features = self._features(self.augment(batch.voices))
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            embeddings = self.network(features)[:, 0]
        embeddings = embeddings.float()
        teaching = distillation(embeddings, batch.targets)
        margin = MARGIN * min(1.0, self.progress / MARGIN_REACHED)
        naming = self.softmax(embeddings, batch.people, batch.variants, margin, self.pool.variants)
        self.optimizer.zero_grad()
        (TEACHING * teaching + NAMING * naming).backward()
        self._share_gradients()
        nn.utils.clip_grad_norm_([one for group in self.optimizer.param_groups for one in group["params"]], GRADIENT_NORM)
        self.optimizer.step()
        self._average_weights()
        self.step += 1
        return torch.stack([teaching.detach(), naming.detach()])

    def checkpoint(self) -> None:
        """Writes everything that a later run needs, and apart from it what ``export.py`` needs, each all or nothing."""
        weights = {"arguments": self.plan.network, "average": self.average.state_dict(), "step": self.step}
        _write(weights, self.plan.run / "weights.pt")
        state = {
            **weights,
            "network": self.network.state_dict(),
            "softmax": self.softmax.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "seconds": self.seconds,
        }
        _write(state, self._file)

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

    def _hear_more(self) -> None:
        """One variant more, where there is one."""
        more = torch.tensor(float(self.pool.variants < self.pool.available()))
        if self.processes > 1:
            dist.broadcast(more, 0)
        if more:
            people, variant = self.pool.corpus.people, self.pool.variants
            self.pool.add()
            new = slice(variant * people, (variant + 1) * people)
            self.softmax.centres.data[new] = self.pool.centres[new]

    def _features(self, voices: Tensor) -> Tensor:
        features = self.fbank(voices)
        own = features.mean(1, keepdim=True).unflatten(0, (-1, GROUP))
        shared = (torch.rand(len(own), device=self.device) < SHARED_MEAN)[:, None, None, None]
        means = torch.where(shared, own.mean(1, keepdim=True), own).flatten(0, 1)
        return mask_bands(features - means, share=0.4, widest=8)

    def _parameter_groups(self) -> list[dict[str, Any]]:
        matrices = [one for one in self.network.parameters() if one.ndim > 1]
        vectors = [one for one in self.network.parameters() if one.ndim <= 1]
        return [
            {"params": matrices, "weight_decay": WEIGHT_DECAY, "share": 1.0},
            {"params": vectors, "weight_decay": 0.0, "share": 1.0},
            {"params": list(self.softmax.parameters()), "weight_decay": 0.0, "share": CENTRES_SHARE},
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
        pairs = list(zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True))
        numbers = [(mean, now) for mean, now in pairs if mean.is_floating_point()]
        torch._foreach_lerp_([mean for mean, _ in numbers], [now for _, now in numbers], 1 - decay)
        for mean, now in pairs:
            if not mean.is_floating_point():
                mean.copy_(now)


def load_what_fits(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Takes over all weights whose names and shapes are those of ``network``."""
    own = network.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    network.load_state_dict({**own, **fitting})


def _write(state: dict[str, Any], file: Path) -> None:
    fresh = file.with_suffix(".new")
    torch.save(state, fresh)
    fresh.replace(file)
