"""Measures what a voice model in a Ray cluster costs above one in the same process, for each window of speech.

    python scripts/ray_overhead.py [--windows N ...] [--seconds S]

Starts a cluster of two nodes on this machine with one replica of the voice model of the default chain, and asks it and the same
model in this process in turns, with N windows a call, for about S seconds each. All figures are milliseconds for one window.
`wait`: from the call to its answer; the replica does not wait for other callers here. `caller`, `replica`: CPU time of this process
and of the replica's.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from speaker_tracker.engine.assembly import load_stage
from speaker_tracker.settings import load_settings
from speaker_tracker.stagekit import FeatureMean, VoiceQuery, Window
from support.ray_cluster import RayCluster

LENGTH, HOP = 24_000, 4_000


def queries(count: int) -> list[VoiceQuery]:
    """One window of each of ``count`` sessions, 16-bit noise of 1.5 s."""
    random = np.random.default_rng(count)
    audio = (random.integers(-3000, 3000, (count, LENGTH)) / 32768).astype(np.float32)
    return [VoiceQuery([Window(0, HOP, 0, LENGTH, HOP, samples)], FeatureMean()) for samples in audio]


def measured(infer: Callable[[Sequence[VoiceQuery]], object], asked: list[VoiceQuery], seconds: float) -> tuple[float, float]:
    """Wall-clock and CPU time of this process for one window, milliseconds."""
    infer(asked)
    calls, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        infer(asked)
        calls += 1
    scale = 1000 / calls / len(asked)
    return (time.perf_counter() - start) * scale, (time.process_time() - cpu) * scale


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--windows",
        type=int,
        nargs="+",
        choices=range(1, 33),
        default=[1, 8, 32],
        metavar="N",
        help="windows of a call, 1 to 32 (1 8 32)",
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each figure (3)")
    given = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = RayCluster(1, port)
    try:
        placed = {"num_cpus": 0.5, "max_replicas": 1}
        cluster.deploy(
            {
                "front_end": placed | {"resources": {"front": 1}},
                "voice_model": placed | {"resources": {"voice": 1}, "batch_wait_seconds": 0},
            }
        )
        settings = load_settings()
        _, here = load_stage(settings, "speechbrain_embedding")
        _, there = load_stage(settings, "ray_embedding")
        (replica,) = cluster.processes("VoiceModel")
        print("ms for one window         in this process   by Ray")
        print("windows of a call           wait   caller     wait   caller  replica   overhead (CPU)")
        for count in given.windows:
            asked = queries(count)
            wait, cpu = measured(here.infer, asked, given.seconds)
            before, calls_before = cpu_seconds(replica), there.counters()["calls"]
            ray_wait, ray_cpu = measured(there.infer, asked, given.seconds)
            windows = (there.counters()["calls"] - calls_before) * count
            replica_cpu = 1000 * (cpu_seconds(replica) - before) / windows
            print(
                f"{count:17d}      {wait:9.2f}{cpu:9.2f}{ray_wait:9.2f}{ray_cpu:9.2f}{replica_cpu:9.2f}"
                f"{ray_cpu + replica_cpu - cpu:12.2f}"
            )
    finally:
        cluster.end()


if __name__ == "__main__":
    main()
