"""What processes have used: CPU time, by stage of the chain as well, and memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a process, or of several together, in bytes.

    ``resident``: what is in memory of it, pages that processes share counted in each. ``proportional``: the same with each shared
    page divided by the number of processes that share it, so that the sum over processes is what they take together.
    """

    resident: int
    proportional: int

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.resident + other.resident, self.proportional + other.proportional)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a server process has used since it started, or the difference of two such readings.

    ``cpu_seconds``: CPU time of all its threads, in user and system mode; ``system_seconds``: in system mode alone. ``stages``: CPU
    seconds of each stage of the chain, model calls included. ``audio_seconds``: audio that was fully processed. ``sessions``: open
    now. ``memory``: now; None where the system does not tell it.
    """

    cpu_seconds: float = 0.0
    system_seconds: float = 0.0
    stages: Mapping[str, float] = field(default_factory=dict)
    audio_seconds: float = 0.0
    sessions: int = 0
    memory: Memory | None = None

    def since(self, before: Usage) -> Usage:
        """What was used since ``before``; sessions and memory are those of now."""
        return Usage(
            self.cpu_seconds - before.cpu_seconds,
            self.system_seconds - before.system_seconds,
            {stage: seconds - before.stages.get(stage, 0.0) for stage, seconds in self.stages.items()},
            self.audio_seconds - before.audio_seconds,
            self.sessions,
            self.memory,
        )

    @property
    def cpu_per_audio(self) -> float | None:
        """CPU seconds per second of audio; None where no audio was processed."""
        return self.cpu_seconds / self.audio_seconds if self.audio_seconds > 0 else None

    @property
    def stages_per_audio(self) -> dict[str, float]:
        """CPU seconds of each stage per second of audio; none where no audio was processed."""
        return {name: seconds / self.audio_seconds for name, seconds in self.stages.items()} if self.audio_seconds > 0 else {}

    @property
    def rest_per_audio(self) -> float | None:
        """CPU seconds outside of all stages per second of audio: transport and scheduling."""
        if self.audio_seconds <= 0:
            return None
        return (self.cpu_seconds - sum(self.stages.values())) / self.audio_seconds


def total(usages: Iterable[Usage]) -> Usage:
    """What several processes have used together."""
    cpu = system = audio = 0.0
    sessions = 0
    stages: dict[str, float] = {}
    memory: Memory | None = None
    for each in usages:
        cpu, system, audio = cpu + each.cpu_seconds, system + each.system_seconds, audio + each.audio_seconds
        sessions += each.sessions
        for stage, seconds in each.stages.items():
            stages[stage] = stages.get(stage, 0.0) + seconds
        if each.memory is not None:
            memory = each.memory if memory is None else memory + each.memory
    return Usage(cpu, system, stages, audio, sessions, memory)


def process_usage(pid: int) -> Usage:
    """CPU time and memory of any process, to a hundredth of a second; nothing where the system does not tell or it has ended."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return Usage()
    ticks = os.sysconf("SC_CLK_TCK")
    user, system = int(fields[11]) / ticks, int(fields[12]) / ticks  # utime and stime of proc(5), which counts from 1 and the name
    return Usage(user + system, system, memory=process_memory(pid))


def process_memory(pid: int | str = "self") -> Memory | None:
    """Memory of a process; None where the system does not tell it, as elsewhere than on Linux."""
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return None
    found = {name: 1024 * int(kibibytes) for name, kibibytes in re.findall(r"^(Rss|Pss): +(\d+) kB$", text, re.MULTILINE)}
    return Memory(found["Rss"], found["Pss"]) if {"Rss", "Pss"} <= set(found) else None


def machine_busy_seconds() -> float | None:
    """Seconds in which the machine's cores have worked since it started, all together; None where the system does not tell."""
    try:
        line = (PROC / "stat").read_text().partition("\n")[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _iowait, interrupts, soft_interrupts, *_ = map(int, line[1:])
    return (user + nice + system + interrupts + soft_interrupts) / os.sysconf("SC_CLK_TCK")
