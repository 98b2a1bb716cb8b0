"""Where the time of a loaded server goes, by stage and by what."""

from __future__ import annotations

from dataclasses import dataclass

from speaker_tracker.benchmark.clients import Clients
from speaker_tracker.benchmark.measured_server import chain_overrides, serving
from speaker_tracker.benchmark.sampler import Place, Profile
from speaker_tracker.benchmark.server_plugin import MARKED
from speaker_tracker.benchmark.stack_kinds import Wait, Work
from speaker_tracker.benchmark.steps import Live, Step, profiled_step
from speaker_tracker.settings import Settings

SESSIONS = 8
"""Sessions that load the server unless another number is asked for."""


@dataclass(frozen=True, slots=True)
class ProfileResult:
    """A step, and what the server's threads did in it; figures are per second of audio that the server processed."""

    step: Step
    profile: Profile

    @property
    def places(self) -> list[Place]:
        """The stages, in order, and None for what is outside of all of them."""
        return [*self.step.server.stages, None]

    def work(self, place: Place, work: Work) -> float:
        """CPU seconds of one kind at a place, per second of audio."""
        return self._per_audio(self.profile.work.get((place, work), 0.0))

    def wait(self, place: Place, wait: Wait) -> float:
        """Seconds of threads that waited at a place, per second of audio."""
        return self._per_audio(self.profile.waits.get((place, wait), 0.0))

    @property
    def native(self) -> float:
        """CPU seconds of threads without Python, per second of audio."""
        return self._per_audio(self.profile.native_seconds)

    @property
    def sampler(self) -> float:
        """CPU seconds of the profiler, per second of audio."""
        return self._per_audio(self.profile.sampler_seconds)

    @property
    def core_wait(self) -> float | None:
        """Seconds in which threads could have run and had no core, per second of audio; None where the system does not tell."""
        return None if self.profile.core_wait is None else self._per_audio(self.profile.core_wait)

    def _per_audio(self, seconds: float) -> float:
        audio = self.step.server.audio_seconds
        return seconds / audio if audio > 0 else 0.0


def marked_overrides(settings: Settings) -> dict[str, object]:
    """The settings by which a server runs the configured chain with marks on its threads."""
    return chain_overrides(settings.stages, settings.stage_options, MARKED)


def profiled(settings: Settings, clients: Clients, sessions: int, live: Live) -> ProfileResult:
    """Profiles a server with ``sessions`` at once. Raises ``BenchmarkError``."""
    with serving(settings, marked_overrides(settings)) as server:
        step, profile = profiled_step(server, clients, sessions, live)
    return ProfileResult(step, profile)
