"""The tables that ``speaker-tracker bench`` prints."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from rich.console import Console

from speaker_tracker.benchmark.cold_start import Start
from speaker_tracker.benchmark.comparison import Comparison
from speaker_tracker.benchmark.documents import OUTSIDE
from speaker_tracker.benchmark.file_mode import FileRun
from speaker_tracker.benchmark.profiling import ProfileResult
from speaker_tracker.benchmark.sampler import Place
from speaker_tracker.benchmark.soak import HOUR, SoakResult
from speaker_tracker.benchmark.stack_kinds import Wait, Work
from speaker_tracker.benchmark.steps import LoadResult, Step
from speaker_tracker.benchmark.usage import Usage
from speaker_tracker.cli.evaluation_tables import MIN_WIDTH, figures_table

MOST_COLUMNS = 8
"""Steps whose CPU time is shown stage by stage."""
MEGABYTE = 1e6

LOAD_LEGEND = """\
delay: from when the last frame was sent that a message covers until the message came, in ms
CPU: ms of the server's CPU time per second of audio; cores: busy with server, clients, others
late: 95th percentile of how late clients sent frames, in ms; memory in MB"""
STAGES_LEGEND = "CPU time by stage, in ms per second of audio"
PROFILE_LEGEND = """\
CPU: ms of CPU time per second of audio; threads: handing work from thread to thread
waits: ms of threads that wait for a lock or the result of another thread, and for their
turn, which is the interpreter's lock (GIL) or a core"""


def print_load(result: LoadResult, limit: int | None) -> None:
    """Prints the steps, from few sessions to many, and the capacity; ``limit``: of the search, None if there was none."""
    console = _console()
    steps = sorted(result.steps, key=lambda step: step.sessions)
    titles = (
        "\nrefused",
        "delay\np50",
        "\np95",
        "\np99",
        "\nmax",
        "\nCPU",
        "cores\nserver",
        "\nclients",
        "\nothers",
        "\nlate",
        "\nmemory",
    )
    table = figures_table("\nsessions", titles)
    for step in steps:
        table.add_row(str(step.sessions), *_load_cells(step))
    console.print(table)
    console.print(LOAD_LEGEND)
    for step in steps:
        if step.clients.failures:
            console.print(f"{step.sessions} sessions: {len(step.clients.failures)} failed, such as: {step.clients.failures[0]}")
    _print_stages(console, "sessions", [str(step.sessions) for step in steps], [step.server for step in steps])
    console.print(_capacity(result, limit))
    if (per_session := result.bytes_per_session) is not None:
        console.print(f"memory of a further session: {per_session / MEGABYTE:.2f} MB")


def _capacity(result: LoadResult, limit: int | None) -> str:
    bound = f"with 95 % of the messages within {result.target_ms:g} ms"
    if result.capacity is None:
        return f"no step had all its sessions served {bound}"
    reached = result.capacity == limit or all(step.passed(result.target_ms) for step in result.steps)
    more = "; more were not tried" if reached else ""
    return f"capacity: {result.capacity} sessions {bound}{more}"


def _load_cells(step: Step) -> list[str]:
    delays, memory, late = step.clients.delays, step.server.memory, step.clients.lateness
    times = ["-"] * 4 if delays is None else [f"{each:.0f}" for each in (delays.p50, delays.p95, delays.p99, delays.most)]
    cores = (step.cores, step.clients.cpu_seconds / step.clients.seconds, step.others_cores)
    return [
        str(step.clients.refused),
        *times,
        _ms(step.server.cpu_per_audio),
        *("-" if each is None else f"{each:.2f}" for each in cores),
        "-" if late is None else f"{late.p95:.0f}",
        "-" if memory is None else f"{memory.proportional / MEGABYTE:.0f}",
    ]


def _print_stages(console: Console, what: str, names: Sequence[str], usages: Sequence[Usage]) -> None:
    """Prints the CPU time of each stage, a column for each of ``usages``, the last ones if they are many."""
    names, usages = names[-MOST_COLUMNS:], usages[-MOST_COLUMNS:]
    table = figures_table(what, names)
    for stage in usages[-1].stages if usages else ():
        table.add_row(stage, *(_ms(used.stages_per_audio.get(stage)) for used in usages))
    table.add_row(OUTSIDE, *(_ms(used.rest_per_audio) for used in usages))
    table.add_section()
    table.add_row("all", *(_ms(used.cpu_per_audio) for used in usages))
    console.print(table)
    console.print(STAGES_LEGEND)


def print_comparison(comparison: Comparison) -> None:
    """Prints both ways, and how many times the CPU time the plain way takes."""
    console = _console()
    own, plain = ([step.server for step in steps] for steps in (comparison.own, comparison.plain))
    numbers = (comparison.own[0].sessions, comparison.plain[0].sessions)
    table = figures_table("\nCPU", (f"this server,\n{numbers[0]} sessions", f"plain way,\n{numbers[1]} sessions"))
    for stage in own[0].stages:
        both = (_median([used.stages_per_audio.get(stage) for used in usages]) for usages in (own, plain))
        table.add_row(stage, *both)
    for stage in plain[0].stages.keys() - own[0].stages.keys():
        table.add_row(stage, "-", _median([used.stages_per_audio.get(stage) for used in plain]))
    table.add_row(OUTSIDE, *(_median([used.rest_per_audio for used in usages]) for usages in (own, plain)))
    table.add_section()
    table.add_row("all", *(_median([used.cpu_per_audio for used in usages]) for usages in (own, plain)))
    delays = [[step.clients.delays for step in steps] for steps in (comparison.own, comparison.plain)]
    table.add_row("delay p95, ms", *(_median([None if each is None else each.p95 / 1000 for each in found]) for found in delays))
    console.print(table)
    if (ratio := comparison.ratio) is not None:
        median, least, most = ratio
        console.print(f"the plain way takes {median:.2f} times the CPU time ({least:.2f} - {most:.2f} in {len(own)} pairs)")


def print_starts(starts: Sequence[Start]) -> None:
    """Prints median, least and most of all starts."""
    table = figures_table("seconds from the start of the process", ("median", "least", "most"))
    rows = {
        "until /health answers": [each.health for each in starts],
        "until it is ready": [each.ready for each in starts],
        "until the first label": [each.label for each in starts],
        "of these, the client sends": [each.speaking for each in starts],
        "CPU time until it is ready": [each.cpu_seconds for each in starts if each.cpu_seconds is not None],
    }
    for name, values in rows.items():
        if values:
            table.add_row(name, *(f"{each:.2f}" for each in (statistics.median(values), min(values), max(values))))
    _console().print(table)


def print_soak(result: SoakResult) -> None:
    """Prints CPU time and memory by hours of audio, and the last against the first."""
    console = _console()
    slices = result.slices
    table = figures_table("hours of audio", ("CPU", "memory"))
    for each in slices:
        memory = "-" if each.memory_bytes is None else f"{each.memory_bytes / MEGABYTE:.1f}"
        table.add_row(f"{each.begin / HOUR:.2f} - {each.end / HOUR:.2f}", _ms(each.used.cpu_per_audio), memory)
    console.print(table)
    console.print("CPU: ms of the server's CPU time per second of audio; memory in MB, at the end")
    ends = [slices[0], slices[-1]]
    _print_stages(console, "stage", ["first", "last"], [each.used for each in ends])
    ratio = "-" if result.cpu_ratio is None else f"{result.cpu_ratio:.2f}"
    growth = "-" if result.memory_growth is None else f"{result.memory_growth / MEGABYTE:.1f} MB"
    console.print(f"last against first: {ratio} times the CPU time, {growth} more memory; {result.speed:.1f} times real time")


def print_profile(result: ProfileResult) -> None:
    """Prints CPU time by stage and by what it is spent on, and what threads wait for."""
    console = _console()
    titles = ("CPU\nmodel", "\nNumPy", "\nJSON", "\nsockets", "\nthreads", "\nother", "\nall", "waits\nlock", "\nturn")
    table = figures_table(f"\n{result.step.sessions} sessions", titles)
    for place in result.places:
        table.add_row(place or OUTSIDE, *_profile_cells(result, [place]))
    table.add_section()
    table.add_row("all", *_profile_cells(result, result.places))
    console.print(table)
    console.print(PROFILE_LEGEND)
    console.print(f"threads without Python: {1000 * result.native:.2f} ms; the profiler itself: {1000 * result.sampler:.2f} ms")
    if result.core_wait is not None:
        console.print(f"by the system's account, threads waited for a core for {1000 * result.core_wait:.2f} ms")


def _profile_cells(result: ProfileResult, places: Sequence[Place]) -> list[str]:
    works = [sum(result.work(place, work) for place in places) for work in Work]
    waits = [sum(result.wait(place, wait) for place in places) for wait in (Wait.THREAD, Wait.TURN)]
    return [_ms(seconds) for seconds in (*works, sum(works), *waits)]


def print_files(runs: Sequence[FileRun]) -> None:
    """Prints the speed of file mode, and its CPU time by stage."""
    console = _console()
    _print_stages(console, "run", [str(number + 1) for number in range(len(runs))], [run.used for run in runs])
    speeds = [run.speed for run in runs]
    console.print(f"{statistics.median(speeds):.1f} times real time ({min(speeds):.1f} - {max(speeds):.1f})")


def _console() -> Console:
    console = Console(highlight=False)
    console.width = max(console.width, MIN_WIDTH)
    return console


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.2f}"


def _median(values: Sequence[float | None]) -> str:
    found = [each for each in values if each is not None]
    return _ms(statistics.median(found) if found else None)
