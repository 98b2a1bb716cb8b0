"""A long session, faster than real time: whether it costs more the longer it goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import pairwise

from speaker_tracker.benchmark.clients import ClientFigures, Clients, Load
from speaker_tracker.benchmark.errors import BenchmarkError
from speaker_tracker.benchmark.live_session import Pace
from speaker_tracker.benchmark.measured_server import MeasuredServer
from speaker_tracker.benchmark.steps import Note
from speaker_tracker.benchmark.usage import Usage

HOUR = 3600.0
LEAST_SLICES = 8
MOST_POLL_SECONDS = 2.0
POLLS_OF_A_SLICE = 20


@dataclass(frozen=True, slots=True)
class Soak:
    """What is sent. ``hours``: of audio in each session. ``speed``: times real time, at most. ``frame_ms``: length of frames."""

    hours: float
    speed: float
    sessions: int
    num_speakers: int
    frame_ms: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of the sessions. ``begin``, ``end``: seconds of audio of each. ``used``: by the server meanwhile."""

    begin: float
    end: float
    used: Usage

    @property
    def memory_bytes(self) -> int | None:
        """Memory at its end; None where the system does not tell."""
        return None if self.used.memory is None else self.used.memory.proportional


@dataclass(slots=True)
class SoakResult:
    """Slices of equal length, in order. ``sessions``: their number. ``speed``: times real time that was reached, on average."""

    sessions: int
    slices: list[Slice] = field(default_factory=list)
    speed: float = 0.0
    clients: ClientFigures | None = None

    @property
    def cpu_ratio(self) -> float | None:
        """CPU time per second of audio in the last slice, divided by that in the first."""
        first, last = self.slices[0].used.cpu_per_audio, self.slices[-1].used.cpu_per_audio
        return last / first if first and last else None

    @property
    def memory_growth(self) -> int | None:
        """Bytes by which memory grew from the end of the first slice to that of the last."""
        first, last = self.slices[0].memory_bytes, self.slices[-1].memory_bytes
        return last - first if first is not None and last is not None else None


def slice_seconds(hours: float) -> float:
    """Length of a slice: an hour, or an eighth of shorter sessions."""
    return min(HOUR, hours * HOUR / LEAST_SLICES)


def soaked(server: MeasuredServer, clients: Clients, soak: Soak, tell: Note) -> SoakResult:
    """Runs the sessions of ``soak``; where the server does not keep up, the clients wait for it.

    Raises ``BenchmarkError`` if a session fails.
    """
    length, sessions = slice_seconds(soak.hours), soak.sessions
    pace = Pace(soak.frame_ms, soak.speed, frames=round(soak.hours * HOUR * 1000 / soak.frame_ms), patient=True)
    result = SoakResult(sessions)
    marks = [(0.0, begin := server.usage())]
    began = time.monotonic()
    clients.begin(Load(server.url, sessions, soak.num_speakers, pace, ramp=0.0, warm_up=0.0, seconds=None, seed=0))
    pause = min(MOST_POLL_SECONDS, length / soak.speed / POLLS_OF_A_SLICE)
    over = False
    while not over:
        over = clients.poll(pause)
        now = server.usage()
        heard = now.since(begin).audio_seconds / sessions
        if over and len(marks) > 1 and heard - marks[-1][0] < length / 2:
            marks.pop()  # what is left belongs to the last slice
        if over or heard >= len(marks) * length:
            marks.append((heard, now))
            tell(_told(_slice(marks[-2], marks[-1])))
    result.slices = [_slice(before, after) for before, after in pairwise(marks)]
    result.clients = clients.end()
    seconds = time.monotonic() - began
    clients.leave()
    if result.clients.failures or result.clients.refused:
        why = result.clients.failures[0] if result.clients.failures else "the server had no room"
        raise BenchmarkError(f"a session ended before its time: {why}")
    result.speed = result.slices[-1].end / seconds
    return result


def _slice(before: tuple[float, Usage], after: tuple[float, Usage]) -> Slice:
    return Slice(before[0], after[0], after[1].since(before[1]))


def _told(one: Slice) -> str:
    cpu = one.used.cpu_per_audio
    used = "no audio" if cpu is None else f"{1000 * cpu:.1f} ms of CPU time per second of audio"
    memory = "" if one.memory_bytes is None else f", {one.memory_bytes / 1e6:.0f} MB"
    return f"{one.begin / HOUR:.2f} to {one.end / HOUR:.2f} h: {used}{memory}"
