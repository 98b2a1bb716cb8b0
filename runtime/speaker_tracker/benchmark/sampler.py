"""A sampling profiler within a server process, scaled by the CPU time of its threads.

Every ``PERIOD_SECONDS`` it looks at the stacks of all Python threads and asks for the CPU time of each. How much CPU time a stage
has taken is known from the marks on threads, and what a thread took besides from its own clock, both exactly; what it was spent on
is estimated, in proportion to what threads were seen at. While a thread took no CPU time it waited, for what its stack says.

A thread can be looked at only between two of its bytecodes, or while it has given up the GIL.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from speaker_tracker.benchmark.marks import CPU_OF_THREAD, STAGE_OF_THREAD
from speaker_tracker.benchmark.stack_kinds import Wait, Work, is_event_loop, wait_of, work_of

PERIOD_SECONDS = 0.01
THREAD = "benchmark-sampler"
OWN_THREADS = "benchmark-"
"""What the names of the benchmark's threads begin with; they are left out."""
SHORT_SECONDS = 20e-6
"""Less CPU time than this between two looks is no work: a thread that was woken for nothing."""

Place = str | None
"""A stage, by name; None: outside of all stages."""


@dataclass(slots=True)
class Profile:
    """What the threads of a process, or of several, did for ``seconds``.

    ``work``: CPU seconds by place and kind. ``waits``: seconds of threads by place and what they waited for. ``native_seconds``:
    CPU time of threads without Python, such as those of a model library. ``sampler_seconds``: CPU time of the profiler.
    ``core_wait``: seconds in which threads could have run and had no core, by the system's account; None where it does not tell.
    """

    seconds: float = 0.0
    work: dict[tuple[Place, Work], float] = field(default_factory=dict)
    waits: dict[tuple[Place, Wait], float] = field(default_factory=dict)
    native_seconds: float = 0.0
    sampler_seconds: float = 0.0
    core_wait: float | None = None

    def add(self, other: Profile) -> None:
        """Adds the profile of another process for the same time."""
        self.seconds = max(self.seconds, other.seconds)
        for work, seconds in other.work.items():
            self.work[work] = self.work.get(work, 0.0) + seconds
        for wait, seconds in other.waits.items():
            self.waits[wait] = self.waits.get(wait, 0.0) + seconds
        self.native_seconds += other.native_seconds
        self.sampler_seconds += other.sampler_seconds
        if other.core_wait is not None:
            self.core_wait = other.core_wait + (self.core_wait or 0.0)


@dataclass(slots=True)
class _Thread:
    """A thread since it was seen first. ``clock``: of its CPU time. ``cpu``, ``at``: readings in seconds when it was seen last.

    ``first_cpu``, ``first_stages``: CPU seconds when it was seen first. ``outside``: CPU seconds by the work that it was seen at
    outside of stages.
    """

    clock: int
    first_cpu: float
    first_stages: Mapping[str, float]
    cpu: float
    at: float
    outside: dict[Work, float] = field(default_factory=dict)
    seen: tuple[int, int, Place] | None = None
    wait: Wait = Wait.IDLE
    is_event_loop: bool = False


class Sampler:
    """Profiler of this process; ``start`` it once, ``end`` gives the profile."""

    def __init__(self) -> None:
        self._profile = Profile()
        self._threads: dict[int, _Thread] = {}
        self._stages: dict[str, float] = {}
        self._seen: dict[str, dict[Work, float]] = {}
        self._thread_seconds = 0.0
        self._left_out: set[int] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=THREAD, daemon=True)

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def end(self) -> Profile:
        """Looks no more, and returns what was seen."""
        self._over.set()
        self._thread.join()
        return self._profile

    def _run(self) -> None:
        self._left_out = {each.ident for each in threading.enumerate() if each.name.startswith(OWN_THREADS) and each.ident}
        began, process, own = time.perf_counter(), time.process_time(), time.thread_time()
        core_wait = _core_wait_seconds()
        while not self._over.wait(PERIOD_SECONDS):
            self._look()
        for ident in tuple(self._threads):
            self._settle(ident)
        profile = self._profile
        for stage, seconds in self._stages.items():
            self._add(stage, seconds, self._seen.get(stage, {}), Work.PYTHON)
        profile.seconds = time.perf_counter() - began
        profile.sampler_seconds = time.thread_time() - own
        profile.native_seconds = max(0.0, time.process_time() - process - self._thread_seconds - profile.sampler_seconds)
        if core_wait is not None:
            profile.core_wait = max(0.0, (_core_wait_seconds() or 0.0) - core_wait)

    def _look(self) -> None:
        frames = sys._current_frames()  # noqa: SLF001 - the documented way
        now = time.perf_counter()
        for ident, frame in frames.items():
            if ident not in self._left_out:
                self._look_at(ident, frame, now)
        for ident in self._threads.keys() - frames.keys():
            self._settle(ident)

    def _look_at(self, ident: int, frame: FrameType, now: float) -> None:
        thread = self._threads.get(ident)
        cpu = None if thread is None else _read(thread.clock)
        if thread is None or cpu is None:
            self._settle(ident)
            clock = time.pthread_getcpuclockid(ident)
            cpu = _read(clock) or 0.0
            self._threads[ident] = _Thread(clock, cpu, dict(CPU_OF_THREAD.get(ident, {})), cpu, now)
            return
        used, passed = cpu - thread.cpu, now - thread.at
        thread.cpu, thread.at = cpu, now
        place = STAGE_OF_THREAD.get(ident)
        works = used > SHORT_SECONDS
        seen = id(frame), frame.f_lasti, place
        if works or seen != thread.seen:  # else it still waits for the same
            thread.wait = wait_of(frame, in_stage=place is not None)
            thread.is_event_loop = thread.is_event_loop or is_event_loop(frame)
        thread.seen = seen
        if works and thread.wait is not Wait.IDLE:  # else it has come to an end of what it did
            kinds = thread.outside if place is None else self._seen.setdefault(place, {})
            work = work_of(frame)
            kinds[work] = kinds.get(work, 0.0) + used
        waited = place, thread.wait
        self._profile.waits[waited] = self._profile.waits.get(waited, 0.0) + max(0.0, passed - used)

    def _settle(self, ident: int) -> None:
        """Adds up the CPU time of a thread that has ended, or is looked at no more."""
        thread = self._threads.pop(ident, None)
        if thread is None:
            return
        used = thread.cpu - thread.first_cpu
        self._thread_seconds += used
        for stage, seconds in tuple(CPU_OF_THREAD.get(ident, {}).items()):
            since = max(0.0, seconds - thread.first_stages.get(stage, 0.0))
            self._stages[stage] = self._stages.get(stage, 0.0) + since
            used -= since
        self._add(None, max(0.0, used), thread.outside, Work.SOCKETS if thread.is_event_loop else Work.THREADS)

    def _add(self, place: Place, seconds: float, seen: Mapping[Work, float], otherwise: Work) -> None:
        """Adds CPU time in proportion to what was ``seen``, or as ``otherwise`` where nothing was."""
        whole = sum(seen.values())
        shares = {work: each / whole for work, each in seen.items()} if whole > 0 else {otherwise: 1.0}
        for work, share in shares.items():
            key = place, work
            self._profile.work[key] = self._profile.work.get(key, 0.0) + seconds * share


def _read(clock: int) -> float | None:
    """The reading of a thread's CPU clock in seconds; None where the thread has ended."""
    try:
        return time.clock_gettime(clock)
    except OSError:
        return None


def _core_wait_seconds() -> float | None:
    """Seconds in which threads of this process could run and had no core, since each began; None where the system does not tell."""
    nanoseconds, told = 0, False
    for task in Path("/proc/self/task").glob("*/schedstat"):
        try:
            nanoseconds += int(task.read_text().split()[1])
        except (OSError, IndexError, ValueError):
            continue
        told = True
    return nanoseconds / 1e9 if told else None


def supported() -> bool:
    """Whether threads have clocks of their own CPU time on this system."""
    return hasattr(time, "pthread_getcpuclockid") and os.name == "posix"
