"""Trains ``ecapa-mini``: ``python train.py WORK RUN --minutes 120``; run again, it goes on from the last checkpoint.

On a CPU each process has one thread and its own part of the batch, and gradients are averaged (``--processes``); on a GPU one
process does all, the teachers' work included. Voices that ``teach.py`` makes meanwhile are taken in.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import torch
import torch.distributed as dist
from monitor import Monitor
from torch import Tensor
from torch.multiprocessing.spawn import spawn
from training import GROUP, Plan, Training


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder that prepare.py and teach.py wrote")
    parser.add_argument("run", type=Path, help="folder for checkpoints and the log")
    parser.add_argument("--verification", type=Path, help="folder READER/*.audio to measure the equal error rate on")
    parser.add_argument("--minutes", type=float, default=120.0, help="training time in all; the learning rate falls to 0 over it")
    parser.add_argument("--deadline", type=float, help="end by this time, in seconds since 1970, instead of after --minutes")
    parser.add_argument("--batch", type=int, default=192, help="crops in one step")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="on a CPU")
    parser.add_argument("--check-minutes", type=float, default=5.0, help="time between checkpoints")
    parser.add_argument("--first-variants", type=int, default=4, help="voices of each speaker to begin with; more follow")
    parser.add_argument("--start-from", type=Path, help="weights (embedding_model.ckpt) to begin with where shapes agree")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--network", type=json.loads, default={}, help="arguments of EcapaMini as JSON")
    plan = Plan(**vars(parser.parse_args()))
    processes = 1 if torch.cuda.is_available() else plan.processes
    if plan.batch % (processes * GROUP):
        parser.error(f"--batch must be a multiple of {processes * GROUP}: {processes} processes, groups of {GROUP}")
    plan.run.mkdir(parents=True, exist_ok=True)
    if processes == 1:
        train(0, plan)
    else:
        with tempfile.TemporaryDirectory() as meeting:
            spawn(train, (plan, processes, Path(meeting)), nprocs=processes)  # type: ignore[no-untyped-call]


def train(rank: int, plan: Plan, processes: int = 1, meeting: Path | None = None) -> None:
    """The work of one process. ``meeting``: an empty folder where several processes find each other."""
    if meeting is not None:
        torch.set_num_threads(1)
        dist.init_process_group("gloo", init_method=(meeting / "found").as_uri(), rank=rank, world_size=processes)
    training = Training(rank, plan, processes)
    monitor = None
    if plan.verification and rank == 0:
        monitor = Monitor(plan.verification, training.noise, training.fbank, training.device)
    if plan.deadline:
        minutes = torch.tensor((training.seconds + plan.deadline - time.time()) / 60, dtype=torch.float64)
        if processes > 1:
            dist.broadcast(minutes, 0)
        training.minutes = float(minutes)
    losses: list[Tensor] = []
    checked = training.seconds
    started = time.monotonic()
    while training.progress < 1:
        losses.append(training.run_step())
        now = time.monotonic()
        elapsed, started = torch.tensor(now - started, dtype=torch.float64), now
        if processes > 1:
            dist.broadcast(elapsed, 0)
        training.seconds += float(elapsed)
        if training.progress >= 1 or training.seconds - checked >= 60 * plan.check_minutes:
            checked = training.seconds
            if rank == 0:
                _check(training, monitor, torch.stack(losses).mean(0))
            losses.clear()
    if processes > 1:
        dist.destroy_process_group()


def _check(training: Training, monitor: Monitor | None, losses: Tensor) -> None:
    training.checkpoint()
    teaching, naming = losses.tolist()
    line: dict[str, float] = {"step": training.step, "minutes": round(training.seconds / 60, 1)}
    line |= {"variants": training.pool.variants, "distillation": round(teaching, 4), "softmax": round(naming, 4)}
    line |= monitor.measure(training.average) if monitor else {}
    print(json.dumps(line), flush=True)
    with (training.plan.run / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
