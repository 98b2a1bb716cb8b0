"""A measurement step: some sessions in real time, and what they cost; and the steps from few sessions to many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from speaker_tracker.benchmark.capacity import FIRST, CapacitySearch
from speaker_tracker.benchmark.clients import ClientFigures, Clients, Load
from speaker_tracker.benchmark.live_session import Pace
from speaker_tracker.benchmark.measured_server import MeasuredServer
from speaker_tracker.benchmark.sampler import Profile
from speaker_tracker.benchmark.usage import Usage, machine_busy_seconds

RAMP_SECONDS = 2.0
"""Time over which the sessions of a step begin, unless another is asked for."""
WARM_UP_SECONDS = 5.0
"""Time in which all sessions run before a step counts."""


@dataclass(frozen=True, slots=True)
class Live:
    """How live sessions are measured.

    ``num_speakers``: that they ask for. ``frame_ms``: length of their frames. ``seconds``: for which a step counts. ``warm_up``:
    before that. ``ramp``: seconds over which the sessions begin, before that.
    """

    num_speakers: int
    frame_ms: int
    seconds: float
    warm_up: float = WARM_UP_SECONDS
    ramp: float = RAMP_SECONDS


@dataclass(frozen=True, slots=True)
class Step:
    """What one step gave. ``sessions``: how many wanted to begin. ``server``: what the server used while it counted.

    ``others_cores``: cores that were busy with neither the server nor the clients, on average; None where the system does not tell.
    """

    sessions: int
    clients: ClientFigures
    server: Usage
    others_cores: float | None

    @property
    def cores(self) -> float:
        """Cores that the server kept busy, on average."""
        return self.server.cpu_seconds / self.clients.seconds

    def passed(self, target_ms: float) -> bool:
        """Whether every session was admitted and heard its messages, 95 of 100 within ``target_ms``."""
        delays = self.clients.delays
        return (
            self.clients.admitted == self.sessions and not self.clients.failures and delays is not None and delays.p95 <= target_ms
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """What is searched for: the most sessions with a 95th percentile of the delay within ``target_ms``, ``limit`` at most."""

    target_ms: float
    limit: int


def measured_step(server: MeasuredServer, clients: Clients, sessions: int, live: Live, seed: int = 0) -> Step:
    """Measures ``sessions`` at once. ``seed``: of where in the audio, and when, each begins. Raises ``BenchmarkError``."""
    clients.begin(_load(server, sessions, live, seed))
    before, busy = server.usage(), machine_busy_seconds()
    figures = clients.end()
    step = _step(sessions, figures, server.usage().since(before), _busy_since(busy))
    clients.leave()
    server.wait_until_empty()
    return step


def profiled_step(server: MeasuredServer, clients: Clients, sessions: int, live: Live) -> tuple[Step, Profile]:
    """The same, with a profile of the server meanwhile."""
    clients.begin(_load(server, sessions, live, seed=0))
    server.begin_profile()
    before, busy = server.usage(), machine_busy_seconds()
    figures = clients.end()
    step = _step(sessions, figures, server.usage().since(before), _busy_since(busy))
    profile = server.end_profile()
    clients.leave()
    server.wait_until_empty()
    return step, profile


def _load(server: MeasuredServer, sessions: int, live: Live, seed: int) -> Load:
    return Load(server.url, sessions, live.num_speakers, Pace(live.frame_ms), live.ramp, live.warm_up, live.seconds, seed)


def _busy_since(before: float | None) -> float | None:
    now = machine_busy_seconds()
    return None if now is None or before is None else now - before


def _step(sessions: int, figures: ClientFigures, used: Usage, busy_seconds: float | None) -> Step:
    others = None
    if busy_seconds is not None:
        others = max(0.0, (busy_seconds - used.cpu_seconds - figures.cpu_seconds) / figures.seconds)
    return Step(sessions, figures, used, others)


def stepped_up(server: MeasuredServer, clients: Clients, live: Live, goal: Goal, numbers: Sequence[int] = ()) -> Iterator[Step]:
    """Yields a step for each of ``numbers``, or, if there are none, those by which the capacity is found.

    A short one that does not count comes first, as a server takes time and memory the first time that it works.
    Raises ``BenchmarkError``.
    """
    measured_step(server, clients, min([FIRST, *numbers]), replace(live, seconds=1.0, ramp=min(live.ramp, RAMP_SECONDS)))
    for sessions in numbers:
        yield measured_step(server, clients, sessions, live)
    if numbers:
        return
    search = CapacitySearch(goal.limit)
    while (following := search.next()) is not None:
        step = measured_step(server, clients, following, live)
        search.record(following, passed=step.passed(goal.target_ms))
        yield step


@dataclass(slots=True)
class LoadResult:
    """All steps of a server. ``target_ms``: bound for the 95th percentile of the delay."""

    target_ms: float
    steps: list[Step] = field(default_factory=list)

    @property
    def capacity(self) -> int | None:
        """The most sessions of a step that passed, none with fewer having failed; None where the fewest already failed."""
        carried: int | None = None
        for step in sorted(self.steps, key=lambda step: step.sessions):
            if not step.passed(self.target_ms):
                break
            carried = step.sessions
        return carried

    @property
    def bytes_per_session(self) -> float | None:
        """Memory of a further session in bytes: the slope of the memory over the open sessions, by least squares.

        None where there are not two steps with different numbers of sessions, or the system does not tell.
        """
        points = [(step.clients.admitted, step.server.memory.proportional) for step in self.steps if step.server.memory is not None]
        return slope(points)


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """The slope of a line through points (x, y) by least squares; None where there are not two different x."""
    if len({x for x, _ in points}) < 2:  # noqa: PLR2004 - a line
        return None
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    together: float = sum((x - mean_x) * (y - mean_y) for x, y in points)
    spread: float = sum((x - mean_x) * (x - mean_x) for x, _ in points)
    return together / spread


Note = Callable[[str], Any]
"""Tells the user a line while a measurement runs."""


def told(step: Step, target_ms: float) -> str:
    """A step in a line."""
    sessions, delays = step.sessions, step.clients.delays
    heard = "no message came" if delays is None else f"p95 {delays.p95:.0f} ms"
    refused = f", {step.clients.refused} refused" if step.clients.refused else ""
    failed = f", {len(step.clients.failures)} failed ({step.clients.failures[0]})" if step.clients.failures else ""
    verdict = "within" if step.passed(target_ms) else "beyond"
    return f"{sessions} sessions: {heard}{refused}{failed}, {verdict} the target"
