"""Runs the measures of ``speaker-tracker bench`` and prints what they give."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import click

from speaker_tracker.benchmark import documents
from speaker_tracker.benchmark.charts import load_chart, soak_chart
from speaker_tracker.benchmark.clients import Clients, clients
from speaker_tracker.benchmark.cold_start import measured_start
from speaker_tracker.benchmark.comparison import SESSIONS, compared, plain_server
from speaker_tracker.benchmark.errors import BenchmarkError
from speaker_tracker.benchmark.file_mode import file_runs
from speaker_tracker.benchmark.measured_server import serving
from speaker_tracker.benchmark.profiling import SESSIONS as PROFILED_SESSIONS
from speaker_tracker.benchmark.profiling import profiled
from speaker_tracker.benchmark.recordings import LoopedAudio, read_recordings
from speaker_tracker.benchmark.sampler import supported
from speaker_tracker.benchmark.soak import Soak, soaked
from speaker_tracker.benchmark.steps import Goal, Live, LoadResult, stepped_up, told
from speaker_tracker.cli.bench_tables import (
    print_comparison,
    print_files,
    print_load,
    print_profile,
    print_soak,
    print_starts,
)
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.settings import Settings


class Measure(Enum):
    """What is measured; the value names it for users, by its option if it has one."""

    LOAD = "the default measure"
    COLD_START = "--cold-start"
    SOAK = "--soak"
    PROFILE = "--profile"
    FILE = "--file"


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What a measure gave. ``document``: for ``--json``. ``draw``: makes the picture of ``--plot``; None if there is none."""

    document: dict[str, Any]
    draw: Callable[[], bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRun:
    """A run of the command, by its options.

    ``sessions``: numbers to try; none: search. ``rounds``: pairs of ``--baseline``, 0 without it. ``runs``: repetitions of other
    measures. ``hours``, ``speed``: of ``--soak``.
    """

    settings: Settings
    audio: list[Path]
    num_speakers: int
    frame_ms: int
    sessions: list[int]
    limit: int
    seconds: float
    ramp: float
    warm_up: float
    target_ms: float
    admission: bool
    rounds: int
    runs: int
    hours: float
    speed: float

    def measured(self, measure: Measure) -> BenchResult:
        """Measures, and prints the result. Raises ``UserError``."""
        measures = {
            Measure.LOAD: self._load,
            Measure.COLD_START: self._cold_start,
            Measure.SOAK: self._soak,
            Measure.PROFILE: self._profile,
            Measure.FILE: self._file,
        }
        with _ended_in_order():
            result = measures[measure]()
        return BenchResult({**documents.circumstances(self.settings), **result.document}, result.draw)

    @property
    def _live(self) -> Live:
        return Live(self.num_speakers, self.frame_ms, self.seconds, self.warm_up, self.ramp)

    @contextmanager
    def _clients(self) -> Iterator[Clients]:
        pcm = read_recordings(self.audio)
        LoopedAudio(pcm, self.frame_ms)  # raises here what would end the other process
        with clients(pcm) as found:
            yield found

    def _load(self) -> BenchResult:
        result = LoadResult(self.target_ms)
        with self._clients() as sending, serving(self.settings, admission=self.admission) as server:
            for step in stepped_up(server, sending, self._live, Goal(self.target_ms, self.limit), self.sessions):
                result.steps.append(step)
                _tell(told(step, self.target_ms))
            document = documents.load_document(result)
            comparison = None
            if self.rounds:
                with plain_server(self.settings) as plain:
                    comparison = compared((server, plain), sending, result.capacity or SESSIONS, self._live, self.rounds, _tell)
                document["baseline"] = documents.comparison_document(comparison)
        print_load(result, self.limit if not self.sessions else None)
        if comparison is not None:
            print_comparison(comparison)
        return BenchResult({"load": document}, lambda: load_chart(result))

    def _cold_start(self) -> BenchResult:
        audio = LoopedAudio(read_recordings(self.audio), self.frame_ms)
        starts = []
        for number in range(self.runs):
            starts.append(measured_start(self.settings, audio, self.num_speakers, self.frame_ms))
            _tell(f"start {number + 1} of {self.runs}: ready after {starts[-1].ready:.2f} s")
        print_starts(starts)
        return BenchResult({"coldStart": documents.starts_document(starts)})

    def _soak(self) -> BenchResult:
        sessions = self.sessions[0] if self.sessions else 1
        with self._clients() as sending, serving(self.settings) as server:
            result = soaked(server, sending, Soak(self.hours, self.speed, sessions, self.num_speakers, self.frame_ms), _tell)
        print_soak(result)
        return BenchResult({"soak": documents.soak_document(result)}, lambda: soak_chart(result))

    def _profile(self) -> BenchResult:
        if not supported():
            raise BenchmarkError("--profile needs clocks of each thread's CPU time, which this system does not have; use Linux")
        with self._clients() as sending:
            result = profiled(self.settings, sending, self.sessions[0] if self.sessions else PROFILED_SESSIONS, self._live)
        print_profile(result)
        return BenchResult({"profile": documents.profile_document(result)})

    def _file(self) -> BenchResult:
        runs = []
        with closing(build_chain(self.settings)) as chain:
            for run in file_runs(chain, self.audio, self.num_speakers, self.frame_ms, self.runs):
                runs.append(run)
                _tell(f"run {len(runs)} of {self.runs}: {run.speed:.1f} times real time")
        print_files(runs)
        return BenchResult({"file": documents.files_document(runs)})


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Context in which SIGTERM ends this process as an exception does, so that the processes that it started end, too."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(line: str) -> None:
    click.echo(line, err=True)
