"""A training run: network, losses, optimizer, and how far it has come."""

from __future__ import annotations

import copy
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from detection import Tally, decide, pick_changes
from labels import change_targets, changes, counts
from mel import log_mel_batch
from numpy.typing import NDArray
from simulate import Recordings, Simulator
from speech_corpus import SpeechCorpus, read_noise
from teacher import teach
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from speaker_tracker_plugins.pyannote_segmentation.torch_backend import load_network
from speaker_tracker_stages.speaker_segmentation.network import (
    DELAY,
    FRAME_RATE,
    SegmentationMini,
    SegmentationState,
    initial_state,
    probabilities,
)

SECONDS = 12.0
"""Of each recording; the teacher hears it in two windows."""
TAUGHT = 0.5
"""Weight of what the teacher says in the target, against what is known."""
CHANGE_WEIGHT = 2.0
CARRIED = 0.5
"""Share of the recordings that begin with the state behind another one, as the middle of a long session does."""
WARM_UP = 0.03
AVERAGE_DECAY = 0.995
GRADIENT_NORM = 1.0
WEIGHT_DECAY = 0.01
MASKED, WIDEST_MASK = 0.3, 10
"""Share of the recordings that lose a band of mel bands, and how many at most."""
TEACHER_BATCH = {"cuda": 96, "cpu": 4}
DRAWN_AT_ONCE = 48
HELD_OUT_SEED = 7
UNSURE_FRAMES = 10
"""After the first words of a recording, whether they are a change is not asked."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the command line asked for."""

    work: Path
    run: Path
    teacher: Path | None
    monitor: Path | None
    minutes: float
    steps: int | None
    batch: int
    rate: float
    check_minutes: float
    held_out: int
    speakers: int | None
    seed: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is heard and what is to be said.

    ``log_mel``: ``(n, 2 * frames, 80)``; ``shares``: of nobody, one, two, ``(n, frames, 3)``; ``changes`` and ``asked``:
    ``(n, frames)``.
    """

    log_mel: Tensor
    shares: Tensor
    changes: Tensor
    asked: Tensor


class Learner:
    """Goes on from the last checkpoint in ``plan.run`` if there is one. ``started``: on the monotonic clock."""

    def __init__(self, plan: Plan, started: float) -> None:
        self.plan = plan
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        self.step, self._started, self._before = 0, started, 0.0
        torch.manual_seed(plan.seed)
        self.network = SegmentationMini().to(self.device)
        self.average = copy.deepcopy(self.network).eval()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=plan.rate, weight_decay=WEIGHT_DECAY)
        self._resume()
        self.teacher = load_network(plan.teacher).to(self.device) if plan.teacher else None
        noise = read_noise(plan.work)
        held_out = SpeechCorpus(plan.work, held_out=True, limit=plan.speakers)
        torch.manual_seed(HELD_OUT_SEED)
        self._held_out = _draw(Simulator(held_out, noise, self.device, SECONDS, HELD_OUT_SEED), plan.held_out)
        self._monitor = _read_monitor(plan.monitor) if plan.monitor else []
        torch.manual_seed(plan.seed + self.step)
        corpus = SpeechCorpus(plan.work, limit=plan.speakers)
        self.simulator = Simulator(corpus, noise, self.device, SECONDS, plan.seed + self.step)
        self._state = initial_state(plan.batch, self.device)

    @property
    def seconds(self) -> float:
        """Time spent on this run, in all its parts."""
        return self._before + time.monotonic() - self._started

    @property
    def progress(self) -> float:
        """How much of the training time is over, 0 to 1."""
        return min(1.0, self.seconds / (60 * self.plan.minutes))

    def run_step(self) -> dict[str, Tensor]:
        """One step of the optimizer; answers the losses."""
        progress = self.progress
        rate = self.plan.rate * min(progress / WARM_UP, (1 + math.cos(math.pi * progress)) / 2)
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = max(rate, 1e-6)
        lesson = self._lesson(_draw(self.simulator, self.plan.batch))
        self.network.train()
        logits, after = self.network(lesson.log_mel, self._before_it(lesson.log_mel))
        counting, changing = losses(logits, lesson)
        loss = counting + CHANGE_WEIGHT * changing
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM)
        if bool(torch.isfinite(norm)):
            self.optimizer.step()
            self._state = SegmentationState(*(part.detach() for part in after))
            self._average_weights()
        else:
            self._state = initial_state(self.plan.batch, self.device)
        self.step += 1
        return {"counting": counting.detach(), "changing": changing.detach(), "gradient": norm.detach()}

    @torch.no_grad()
    def check(self) -> dict[str, float]:
        """Figures of the averaged weights on held-out voices, at thresholds of one half; and on the monitor's recordings."""
        found: dict[str, float] = {}
        tally = Tally()
        active = self._held_out.active
        for part in range(0, len(active), DRAWN_AT_ONCE):
            rows = slice(part, part + DRAWN_AT_ONCE)
            told = self._told(log_mel_batch(self._held_out.samples[rows]))
            reference, changed = counts(active[rows]).cpu().numpy(), changes(active[rows]).cpu().numpy()
            for row in range(len(told)):
                _add(tally, told[row], reference[row, :-DELAY], changed[row, :-DELAY])
        found |= tally.figures()
        if self._monitor:
            tally = Tally()
            for log_mel, heard in self._monitor:
                told = self._told(log_mel[None].to(self.device))[0]
                both = torch.from_numpy(heard)[None, :, : len(told)]
                _add(tally, told, counts(both)[0].numpy(), changes(both)[0].numpy())
            found |= {f"monitor_{name}": value for name, value in tally.figures().items()}
        return found

    def checkpoint(self) -> None:
        """Writes everything that a later run needs, all or nothing."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
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
        state: dict[str, Any] = torch.load(self._file, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self._before = state["step"], state["seconds"]

    @torch.no_grad()
    def _lesson(self, drawn: Recordings) -> Lesson:
        exact = counts(drawn.active)
        shares = one_hot(exact, 3).float()
        if self.teacher is not None:
            said = teach(self.teacher, drawn.samples, FRAME_RATE, TEACHER_BATCH[self.device.type])
            sane = torch.isfinite(said).all(2).all(1)[:, None, None]
            shares = torch.where(sane, TAUGHT * said.nan_to_num() + (1 - TAUGHT) * shares, shares)
        spoken = (exact > 0).int().cumsum(1)
        asked = (spoken > UNSURE_FRAMES).float()
        return Lesson(self._masked(log_mel_batch(drawn.samples)), shares, change_targets(changes(drawn.active)), asked)

    def _masked(self, log_mel: Tensor) -> Tensor:
        """Some recordings lose a band (Park et al., "SpecAugment", Interspeech 2019)."""
        count, _, bands = log_mel.shape
        first = torch.randint(0, bands, (count, 1), device=self.device)
        width = torch.randint(1, WIDEST_MASK + 1, (count, 1), device=self.device)
        width = width * (torch.rand(count, 1, device=self.device) < MASKED)
        band = torch.arange(bands, device=self.device)
        masked = (band >= first) & (band < first + width)
        return torch.where(masked[:, None], log_mel.mean((1, 2), keepdim=True), log_mel)

    def _before_it(self, log_mel: Tensor) -> SegmentationState:
        """For some the state behind another recording, with a level near that of their own; for the rest that of the beginning."""
        count = len(log_mel)
        order = torch.randperm(count, device=self.device)
        carried = (torch.rand(count, device=self.device) < CARRIED).float()
        state = [part[order] for part in self._state]
        weight = torch.rand(count, device=self.device) * 350 + 50
        level = log_mel.exp().mean((1, 2)) * 10 ** (torch.rand(count, device=self.device) * 1.6 - 0.8)
        state[0] = torch.stack([weight * level, weight], 1)
        mixed = [
            torch.where(carried.view(-1, *[1] * (old.ndim - 1)) > 0, old, new)
            for old, new in zip(state, initial_state(count, self.device), strict=True)
        ]
        return SegmentationState(*mixed)

    def _told(self, log_mel: Tensor) -> NDArray[np.float32]:
        """Probabilities, ``(n, frames - DELAY, 4)``."""
        logits, _ = self.average(log_mel, initial_state(len(log_mel), self.device))
        told: NDArray[np.float32] = probabilities(logits[:, DELAY:]).cpu().numpy()
        return told

    @torch.no_grad()
    def _average_weights(self) -> None:
        decay = min(AVERAGE_DECAY, (self.step + 1) / (self.step + 10))
        for mean, now in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(now, 1 - decay)


def losses(logits: Tensor, lesson: Lesson) -> tuple[Tensor, Tensor]:
    """Cross entropy of the number of speakers, and of changes where they are asked for."""
    frames = logits.shape[1] - DELAY
    told = logits[:, DELAY:].float()
    counting = -(lesson.shares[:, :frames] * told[..., :3].log_softmax(-1)).sum(-1).mean()
    changing = binary_cross_entropy_with_logits(told[..., 3], lesson.changes[:, :frames], reduction="none")
    asked = lesson.asked[:, :frames]
    return counting, (changing * asked).sum() / asked.sum().clamp_min(1.0)


def _draw(simulator: Simulator, count: int) -> Recordings:
    """Recordings, drawn few at a time to spare memory."""
    parts = [simulator.draw(min(DRAWN_AT_ONCE, count - first)) for first in range(0, count, DRAWN_AT_ONCE)]
    return Recordings(torch.cat([part.samples for part in parts]), torch.cat([part.active for part in parts]))


def _read_monitor(file: Path) -> list[tuple[Tensor, NDArray[np.bool_]]]:
    """What ``measure.py --monitor`` wrote: log-mel features and activity of real recordings."""
    stored = np.load(file)
    names = json.loads(str(stored["names"]))
    scale, lowest = (float(number) for number in stored["scale"])
    return [
        (torch.from_numpy(stored[f"{name}.log_mel"].astype(np.float32) * scale + lowest), stored[f"{name}.active"])
        for name in names
    ]


def _add(tally: Tally, told: NDArray[np.float32], reference: NDArray[np.int64], changed: NDArray[np.bool_]) -> None:
    tally.add(reference, decide(told[:, :3], 0.5, 0.5), 1 / FRAME_RATE)
    times = (np.flatnonzero(changed) + 0.5) / FRAME_RATE
    tally.add_changes(times, pick_changes(told[:, 3], 0.5, 1 / FRAME_RATE))
