"""What docs/benchmark.md says of figures and of the plain way is what the code does."""

import re

from speaker_tracker.benchmark import capacity, comparison, documents, profiling, sampler, steps
from speaker_tracker.benchmark.clients import ClientFigures
from speaker_tracker.benchmark.cold_start import Start
from speaker_tracker.benchmark.plain import PLAIN_OPTIONS, PLAIN_SETTINGS, PLAIN_STAGES
from speaker_tracker.benchmark.sampler import Profile
from speaker_tracker.benchmark.soak import Slice, SoakResult
from speaker_tracker.benchmark.stack_kinds import Wait, Work
from speaker_tracker.benchmark.steps import LoadResult, Step
from speaker_tracker.benchmark.usage import Usage
from speaker_tracker.settings import PREFIX
from support.pages import rows, section, text_of

TEXT = text_of("docs/benchmark.md")
STEP = Step(1, ClientFigures(None, None, 1, 0, (), 0.1, 1.0), Usage(1.0, 0.1, {"vad": 0.5}, 1.0), None)


def named(heading):
    return set(re.findall(r"`(\w+)`", section(TEXT, heading)))


def test_every_figure_of_a_step_is_there():
    known = {"sessions", "seconds", "audioSeconds"}
    assert set(documents.step_document(STEP)) - known <= named("Steps")
    assert set(documents.load_document(LoadResult(500, [STEP]))) - {"targetMs", "capacity", "steps"} <= named("Steps")


def test_the_figures_of_other_measures_are_there():
    assert set(documents.starts_document([Start(1, 2, 3, 1, None)])) - {"runs"} <= named("Starts")
    soak = documents.soak_document(SoakResult(1, [Slice(0, 1, Usage())]))
    assert set(soak) - {"sessions", "speed", "slices"} <= named("Long sessions")
    assert {"cpuRatio", "own", "plain"} <= named("The plain way")
    profile = documents.profile_document(profiling.ProfileResult(STEP, Profile()))
    assert set(profile) - {"step", "places"} <= named("Where the time goes")


def test_every_kind_of_work_and_wait_has_a_row():
    kinds = [cells[1].strip("`") for cells in rows(section(TEXT, "Where the time goes"))]
    assert [kind for kind in kinds if kind in {*Work, *Wait}] == [
        *Work,
        *sorted(Wait, key=[Wait.THREAD, Wait.TURN, Wait.IDLE].index),
    ]


def test_the_plain_way_is_as_described():
    table = {cells[0].strip("`"): cells[1] for cells in rows(section(TEXT, "The plain way")) if cells[0].startswith("`")}
    told = {name: dict([re.fullmatch(r"`(\w+)` (\w+)", option).groups()]) for name, option in table.items()}
    assert told == {name: {option: str(value) for option, value in options.items()} for name, options in PLAIN_OPTIONS.items()}
    assert all(f"`{PREFIX}{name.upper()}` {value}" in TEXT for name, value in PLAIN_SETTINGS.items())
    for original, plain in PLAIN_STAGES.items():
        assert f"In the place of `{original}` it has `{plain}`" in TEXT


def test_numbers_are_those_of_the_code():
    text = " ".join(TEXT.split())
    assert f"begin within {steps.RAMP_SECONDS:g} s (`--ramp`), {steps.WARM_UP_SECONDS:g} s go by" in text
    assert f"doubled from {capacity.FIRST} on" in text
    assert f"within {100 * capacity.RESOLUTION:g} % of each other" in text
    assert f"the plain one with {comparison.SESSIONS} sessions" in text
    assert f"a step with {profiling.SESSIONS} sessions" in text
    assert sampler.PERIOD_SECONDS == 0.01
