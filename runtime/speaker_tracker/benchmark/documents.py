"""Results of a benchmark as JSON documents. Durations named ``…Ms`` are milliseconds; CPU times are ms per second of audio."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from speaker_tracker import __version__
from speaker_tracker.benchmark.cold_start import Start
from speaker_tracker.benchmark.comparison import Comparison
from speaker_tracker.benchmark.delays import Percentiles
from speaker_tracker.benchmark.file_mode import FileRun
from speaker_tracker.benchmark.profiling import ProfileResult
from speaker_tracker.benchmark.soak import HOUR, SoakResult
from speaker_tracker.benchmark.stack_kinds import Wait, Work
from speaker_tracker.benchmark.steps import LoadResult, Step
from speaker_tracker.benchmark.usage import Usage
from speaker_tracker.engine.cores import usable_cores
from speaker_tracker.settings import Settings

OUTSIDE = "transport and scheduling"
"""What is outside of all stages is called."""


def circumstances(settings: Settings) -> dict[str, Any]:
    """What was measured, and where."""
    return {
        "version": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": usable_cores(),
        "machineCores": os.cpu_count(),
        "workers": settings.workers,
        "stages": list(settings.stages),
    }


def _processor() -> str | None:
    """The name of the processor; None where the system does not tell it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def load_document(result: LoadResult) -> dict[str, Any]:
    """Steps, from few sessions to many, and the capacity."""
    return {
        "targetMs": result.target_ms,
        "capacity": result.capacity,
        "bytesPerSession": _rounded(result.bytes_per_session, 0),
        "steps": [step_document(step) for step in sorted(result.steps, key=lambda step: step.sessions)],
    }


def step_document(step: Step) -> dict[str, Any]:
    """One step."""
    figures = step.clients
    return {
        "sessions": step.sessions,
        "admitted": figures.admitted,
        "refused": figures.refused,
        "failures": list(figures.failures),
        "seconds": _rounded(figures.seconds, 2),
        "delayMs": _percentiles(figures.delays),
        **usage_document(step.server),
        "serverCores": _rounded(step.cores, 3),
        "clientCores": _rounded(figures.cpu_seconds / figures.seconds, 3),
        "otherCores": _rounded(step.others_cores, 3),
        "clientLatenessMs": _percentiles(figures.lateness),
    }


def usage_document(used: Usage) -> dict[str, Any]:
    """What a server used for the audio that it processed."""
    memory = used.memory
    return {
        "audioSeconds": _rounded(used.audio_seconds, 1),
        "cpuMs": _rounded_ms(used.cpu_per_audio),
        "systemCpuMs": _rounded_ms(used.system_seconds / used.audio_seconds if used.audio_seconds > 0 else None),
        "stageCpuMs": {stage: _rounded_ms(seconds) for stage, seconds in used.stages_per_audio.items()},
        "restCpuMs": _rounded_ms(used.rest_per_audio),
        "residentBytes": None if memory is None else memory.resident,
        "proportionalBytes": None if memory is None else memory.proportional,
    }


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    """Both ways, and how many times the CPU time the plain way takes."""
    return {
        "cpuRatio": None if comparison.ratio is None else spread_document(comparison.ratios),
        "own": [step_document(step) for step in comparison.own],
        "plain": [step_document(step) for step in comparison.plain],
    }


def soak_document(result: SoakResult) -> dict[str, Any]:
    """The slices, and the last against the first."""
    return {
        "sessions": result.sessions,
        "speed": _rounded(result.speed, 2),
        "cpuRatio": _rounded(result.cpu_ratio, 3),
        "memoryGrowthBytes": result.memory_growth,
        "slices": [
            {"beginHours": _rounded(each.begin / HOUR, 4), "endHours": _rounded(each.end / HOUR, 4), **usage_document(each.used)}
            for each in result.slices
        ],
    }


def starts_document(starts: Sequence[Start]) -> dict[str, Any]:
    """Seconds, over all starts."""
    cpu = [each.cpu_seconds for each in starts if each.cpu_seconds is not None]
    return {
        "runs": len(starts),
        "healthSeconds": spread_document([each.health for each in starts]),
        "readySeconds": spread_document([each.ready for each in starts]),
        "firstLabelSeconds": spread_document([each.label for each in starts]),
        "speakingSeconds": spread_document([each.speaking for each in starts]),
        "cpuSecondsUntilReady": spread_document(cpu) if cpu else None,
    }


def profile_document(result: ProfileResult) -> dict[str, Any]:
    """CPU times and waiting times by stage, in ms per second of audio."""
    return {
        "step": step_document(result.step),
        "places": {
            place or OUTSIDE: {
                "cpuMs": {work.value: _rounded_ms(result.work(place, work)) for work in Work},
                "waitMs": {wait.value: _rounded_ms(result.wait(place, wait)) for wait in Wait},
            }
            for place in result.places
        },
        "nativeThreadsCpuMs": _rounded_ms(result.native),
        "profilerCpuMs": _rounded_ms(result.sampler),
        "coreWaitMs": _rounded_ms(result.core_wait),
    }


def files_document(runs: Sequence[FileRun]) -> dict[str, Any]:
    """Speed and CPU time of file mode."""
    return {"speed": spread_document([run.speed for run in runs]), "runs": [usage_document(run.used) for run in runs]}


def spread_document(values: Iterable[float]) -> dict[str, float]:
    """Median, least and most of some values."""
    values = list(values)
    return {"median": round(statistics.median(values), 3), "least": round(min(values), 3), "most": round(max(values), 3)}


def _percentiles(found: Percentiles | None) -> dict[str, float] | None:
    if found is None:
        return None
    return {"p50": round(found.p50, 1), "p95": round(found.p95, 1), "p99": round(found.p99, 1), "most": round(found.most, 1)}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _rounded_ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 3)
