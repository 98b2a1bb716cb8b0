"""Trains ``segmentation-mini``: ``python train.py WORK RUN --minutes 240``; run again, it goes on from the last checkpoint."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
from learner import Learner, Plan
from torch import Tensor


def main() -> None:
    """Reads the command line and trains."""
    started = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder that prepare.py wrote")
    parser.add_argument("run", type=Path, help="folder for checkpoints and the log")
    parser.add_argument("--teacher", type=Path, help="the teacher's weights; without, it learns from what is simulated alone")
    parser.add_argument("--monitor", type=Path, help="file that measure.py wrote, to be measured on the way")
    parser.add_argument("--minutes", type=float, default=240.0, help="training time in all; the learning rate falls to 0 over it")
    parser.add_argument("--steps", type=int, help="stop after so many steps in all, whatever time is left")
    parser.add_argument("--batch", type=int, default=96 if torch.cuda.is_available() else 16, help="recordings in one step")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--check-minutes", type=float, default=1.0 if torch.cuda.is_available() else 10.0)
    parser.add_argument("--held-out", type=int, default=64, help="simulated recordings of held-out voices to measure on")
    parser.add_argument("--speakers", type=int, help="no more than so many")
    parser.add_argument("--seed", type=int, default=1)
    plan = Plan(**vars(parser.parse_args()))
    plan.run.mkdir(parents=True, exist_ok=True)
    learner = Learner(plan, started)
    learner.check()
    print(f"{learner.device}, {learner.seconds:.0f} s until the first step", flush=True)
    losses: list[dict[str, Tensor]] = []
    checked = learner.seconds
    while learner.progress < 1 and learner.step != plan.steps:
        losses.append(learner.run_step())
        ended = learner.progress >= 1 or learner.step == plan.steps
        if ended or learner.seconds - checked >= 60 * plan.check_minutes or learner.step in {5, 20}:
            _check(learner, losses)
            losses.clear()
            checked = learner.seconds
    learner.checkpoint()


def _check(learner: Learner, losses: list[dict[str, Tensor]]) -> None:
    learner.checkpoint()
    line: dict[str, float] = {"step": learner.step, "minutes": round(learner.seconds / 60, 2)}
    line |= {name: round(float(torch.stack([loss[name] for loss in losses]).mean()), 4) for name in losses[0]}
    line |= learner.check()
    if torch.cuda.is_available():
        line["gigabytes"] = round(torch.cuda.max_memory_reserved() / 1e9, 1)
    print(json.dumps(line), flush=True)
    with (learner.plan.run / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
