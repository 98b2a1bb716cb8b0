"""Checks a stage against the contract of ``speaker_tracker.stage``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from speaker_tracker.engine.pipeline import Pipeline, StageFailure
from speaker_tracker.events import SAMPLE_RATE, AudioBlock, AudioClock, AudioGap, Event, PcmReceived, SpeechAudio, SpeechStarted
from speaker_tracker.stage import LoadedStage, SessionInfo, Stage, StageOptions, StageSpec
from speaker_tracker.testing.comparison import alike, difference, only, short
from speaker_tracker.testing.memory import held_bytes
from speaker_tracker.testing.sample_events import (
    GAP_AT,
    GAP_SECONDS,
    POSITIONS,
    SAMPLED,
    SECONDS,
    events_around_gap,
    sample_events,
    shifted,
)
from speaker_tracker.testing.single_stage import AUDIO_TYPES, open_stage, recut

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CUTS = (160, 700, 4 * SAMPLE_RATE)
"""Lengths of the pieces that audio is cut into, in samples."""
SESSIONS = 4
GROWTH_AN_HOUR = 1 << 20
"""Permitted growth of a session in bytes an hour: room for a timeline, but not for audio or embeddings."""
NOISE_BYTES = 16 << 10
INFERENCES = 3
RAW_AUDIO = frozenset({PcmReceived, AudioBlock, AudioClock, AudioGap})
GAP_IN_SPEECH = 6.5
"""Where audio stops in the middle of a turn (seconds)."""


class StageViolation(AssertionError):
    """A stage breaks the contract; the message has a line for each violation."""


@dataclass(frozen=True, slots=True)
class _UnknownEvent(Event):
    """An event type that is unknown to every stage."""

    number: int


@dataclass(frozen=True, slots=True)
class _Case:
    """A loaded stage and the events to feed it."""

    spec: StageSpec
    loaded: LoadedStage
    events: list[Event]

    def open(self, num_speakers: int = 2) -> Pipeline:
        return open_stage(self.loaded, num_speakers=num_speakers, name=self.spec.name)

    def produced(self, events: Sequence[Event] | None = None) -> list[Event]:
        """The events that the stage produces for ``events``, without those passed on."""
        return only(self.spec.produces, _run(self.open(), self.events if events is None else events))


def check_stage(
    spec: StageSpec,
    *,
    options: Mapping[str, Any] | None = None,
    events: Sequence[Event] | None = None,
    minutes: float = 10.0,
) -> None:
    """Raises ``StageViolation`` with all violations of the contract by ``spec``.

    ``options``: options that have no default, or other values. ``events``: a stream for a session of two speakers, instead of
    ``sample_events`` of what it consumes, which has no event types of your own. ``minutes``: length of the session that is checked
    for growth.

    Checks that: the specification and its options are valid, and loading works; all events but those absorbed are passed on,
    unchanged and after the events they cause; only declared types are produced; the cutting of audio does not matter; a second
    flush answers nothing; sessions are independent, one after another and in several threads; a session may move between threads;
    its snapshot has plain values, and a new stage continues from it; a long session does not grow; shared inference gives the same
    results for inputs together as for each alone; where audio stops and goes on later (``AudioGap``), detectors, and stages that
    consume gaps, answer nothing about the time between, and no segment of speech reaches across it.
    """
    violations = list(_check_specification(spec))
    if not violations:
        violations += _check_options(spec.options, options or {})
    if not violations:
        loaded = spec.load(spec.options.model_validate(options or {}))
        try:
            violations += _check_loaded(spec, loaded, events, minutes)
        finally:
            if isinstance(loaded, LoadedStage) and loaded.close is not None:
                loaded.close()
    if violations:
        raise StageViolation("\n".join(f"stage {spec.name!r}: {violation}" for violation in violations))


def _check_specification(spec: StageSpec) -> Iterator[str]:
    if not NAME.fullmatch(spec.name):
        yield f"its name must be lower case words with underscores, not {spec.name!r}"
    if not spec.summary or "\n" in spec.summary:
        yield f"its summary must be one line, not {spec.summary!r}"
    options: object = spec.options
    if not (isinstance(options, type) and issubclass(options, StageOptions)):
        yield f"its options must be a subclass of StageOptions, not {options!r}"
    for name in ("consumes", "may_consume", "produces", "absorbs"):
        for kind in getattr(spec, name):
            if not (isinstance(kind, type) and issubclass(kind, Event)):
                yield f"{name} must hold event types, not {kind!r}"
    for kind in sorted(spec.absorbs - spec.consumes, key=str):
        yield f"it absorbs {kind.__name__}, which it does not consume"
    for kind in sorted((spec.produces & spec.consumes) - spec.absorbs, key=str):
        yield f"it consumes and produces {kind.__name__}, so it must absorb it: those behind it would hear both"


def _check_options(model: type[BaseModel], values: Mapping[str, Any]) -> Iterator[str]:
    for name, option in model.model_fields.items():
        if not option.description:
            yield f"option {name!r} has no description, which `speaker-tracker stages` prints"
    try:
        valid = model.model_validate(values)
    except ValidationError as error:
        yield f"its options do not validate: {error}"
        return
    try:
        model.model_validate({**values, "no_such_option": 1})
        yield "it takes options that it does not have; leave `extra` of its options as it is"
    except ValidationError:
        pass
    if not valid.model_config.get("frozen"):
        yield "its options can be changed; leave `frozen` of its options as it is"


def _check_loaded(spec: StageSpec, loaded: object, events: Sequence[Event] | None, minutes: float) -> Iterator[str]:
    if not isinstance(loaded, LoadedStage):
        yield f"load must give a LoadedStage, not {loaded!r}"
        return
    if not all(isinstance(text, str) for pair in loaded.info.items() for text in pair):
        yield f"info must map words to words, not be {loaded.info!r}"
    sampled = events is None
    if events is None:
        unknown = sorted(kind.__name__ for kind in spec.consumes | spec.may_consume if not issubclass(kind, SAMPLED))
        if unknown:
            yield f"there are no samples of {', '.join(unknown)}; give check_stage a stream of events"
            return
        events = sample_events(spec.consumes | spec.may_consume)
    opened: Any = loaded.open(SessionInfo("test", 2))
    if not isinstance(opened, Stage):
        missing = [name for name in ("feed", "flush", "snapshot", "restore", "close") if not hasattr(opened, name)]
        yield f"what it opens has no {', '.join(missing)}"
        return
    opened.close()
    case = _Case(spec, loaded, list(events))
    checks: list[Callable[[_Case], Iterator[str]]] = [
        _check_passing_on,
        _check_cutting,
        _check_flushing,
        _check_independence,
        _check_threads,
        _check_snapshots,
        lambda case: _check_growth(case, minutes),
        _check_inference,
    ]
    if sampled:
        checks.insert(3, _check_gap)
    for check in checks:
        try:
            yield from check(case)
        except StageFailure as error:
            cause = error.__cause__
            yield f"it raised {type(cause).__name__}: {cause}"
            return


def _check_passing_on(case: _Case) -> Iterator[str]:
    pipeline, passed_on = case.open(), tuple((case.spec.consumes | case.spec.may_consume) - case.spec.absorbs)
    undeclared: set[str] = set()
    for number, event in enumerate(case.events):
        for fed in (event, _UnknownEvent(number)):
            before = deepcopy(fed)
            answers = pipeline.feed(fed)
            if not alike(before, fed):
                yield f"it changed an event that it was fed: {short(before)} became {short(fed)}"
                return
            again = [answer for answer in answers if answer is fed]
            if isinstance(fed, (*passed_on, _UnknownEvent)) and (len(again) != 1 or answers[-1] is not fed):
                yield f"it must pass on {type(fed).__name__}, the very event, once and behind what it led to"
                return
            if isinstance(fed, tuple(case.spec.absorbs)) and again:
                yield f"it passes on {type(fed).__name__}, which it says it absorbs"
                return
            undeclared |= {type(answer).__name__ for answer in answers if answer is not fed and not _declared(case, answer)}
    undeclared |= {type(answer).__name__ for answer in pipeline.flush() if not _declared(case, answer)}
    if undeclared:
        yield f"it produces {', '.join(sorted(undeclared))}, which its specification does not declare"


def _declared(case: _Case, event: Event) -> bool:
    return isinstance(event, tuple(case.spec.produces))


def _check_cutting(case: _Case) -> Iterator[str]:
    if not any(isinstance(event, AUDIO_TYPES) for event in case.events):
        return
    expected = case.produced()
    for size in CUTS:
        if (parted := difference(expected, case.produced(recut(case.events, size)))) is not None:
            yield f"how audio is cut changes what it answers: in pieces of {size} samples, {parted}"
            return


def _check_flushing(case: _Case) -> Iterator[str]:
    pipeline = case.open()
    _run(pipeline, case.events)
    if again := pipeline.flush():
        yield f"a second flush must answer nothing, not {short(again[0])}"
    empty = case.open()
    empty.flush()
    empty.close()


def _check_gap(case: _Case) -> Iterator[str]:
    """Stops the audio for a stage that knows gaps or finds speech: in the middle of speech if it is the first to hear of it."""
    if not {AudioGap, SpeechAudio} & (case.spec.consumes | case.spec.produces):
        return
    at = GAP_IN_SPEECH if case.spec.consumes <= RAW_AUDIO else GAP_AT
    events = events_around_gap(case.spec.consumes, at, GAP_SECONDS)
    (gap,) = (event for event in events if isinstance(event, AudioGap))
    spoken_to: int | None = None
    for event in case.produced(events):
        if isinstance(event, AudioGap):
            continue
        if any(gap.start < position < gap.end for position in _positions(event)):
            yield f"no audio came between {gap.start} and {gap.end}, and it answers {short(event)}"
            return
        if isinstance(event, SpeechStarted):
            spoken_to = event.start
        elif isinstance(event, SpeechAudio):
            if spoken_to not in (None, event.start):
                yield f"a segment of speech has no audio between {spoken_to} and {event.start}; it must end at the gap"
                return
            spoken_to = event.end


def _positions(event: Event) -> Iterator[int]:
    return (getattr(event, name) for name in POSITIONS if isinstance(getattr(event, name, None), int))


def _check_independence(case: _Case) -> Iterator[str]:
    expected = case.produced()
    if (parted := difference(expected, case.produced())) is not None:
        yield f"a second session answers otherwise than the first: {parted}"
        return
    first, second = case.open(), case.open()
    answers: list[Event] = []
    for event in case.events:
        answers += first.feed(event)
        second.feed(event)
    if (parted := difference(expected, only(case.spec.produces, answers + first.flush()))) is not None:
        yield f"a session beside another one answers otherwise than alone: {parted}"


def _check_threads(case: _Case) -> Iterator[str]:
    expected = case.produced()
    pipeline, handed = case.open(), list[Event]()
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        for number, event in enumerate(case.events):
            handed += (one, other)[number % 2].submit(pipeline.feed, event).result()
        handed += one.submit(pipeline.flush).result()
    if (parted := difference(expected, only(case.spec.produces, handed))) is not None:
        yield f"handed from thread to thread, it answers otherwise: {parted}"
    with ThreadPoolExecutor(SESSIONS) as pool:
        for answers in pool.map(lambda _: case.produced(), range(SESSIONS)):
            if (parted := difference(expected, answers)) is not None:
                yield f"with {SESSIONS} sessions at once in as many threads, one answers otherwise than alone: {parted}"
                return


def _check_snapshots(case: _Case) -> Iterator[str]:
    for cut in (0, len(case.events) // 2, len(case.events)):
        first, second = case.open(), case.open()
        _run(first, case.events[:cut], flush=False)
        state = first.snapshot()
        for where in _not_plain(state[case.spec.name], "the snapshot"):
            yield f"{where}; a state has plain values, sequences, mappings by strings and arrays of numbers only"
            return
        second.restore(deepcopy(state))
        if not alike(second.snapshot(), state) and cut in (0, len(case.events)) and not _in_speech(case, cut):
            yield "a fresh stage that was given a snapshot has another one"
        _run(second, case.events[cut:])


def _in_speech(case: _Case, cut: int) -> bool:
    """Whether buffered audio may be missing in the restored stage, as it is no part of a snapshot."""
    return cut > 0 and any(isinstance(event, AUDIO_TYPES) for event in case.events)


def _not_plain(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            yield f"{where} is an array of {value.dtype}"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                yield f"{where} has the key {key!r}"
            yield from _not_plain(item, f"{where}[{key!r}]")
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, item in enumerate(value):
            yield from _not_plain(item, f"{where}[{index}]")
    elif not isinstance(value, bool | int | float | str | None):
        yield f"{where} is {type(value).__name__}"


def _check_growth(case: _Case, minutes: float) -> Iterator[str]:
    """Feeds the same events repeatedly, later each time, and compares memory in the last third with the first two."""
    length = SECONDS + (GAP_SECONDS if AudioGap in case.spec.consumes else 0)
    rounds = max(3, round(minutes * 60 / length))
    stage = case.loaded.open(SessionInfo("test", 2))
    pipeline = open_stage(LoadedStage(lambda _: stage, case.loaded.infer), name=case.spec.name)
    held = []
    for number in range(rounds):
        # Copied, as references to the same array would be counted once.
        _run(pipeline, (deepcopy(shifted(event, number * length * SAMPLE_RATE)) for event in case.events), flush=False)
        held.append(held_bytes(stage))
    earlier, later = max(held[: 2 * rounds // 3]), max(held[2 * rounds // 3 :])
    hours = rounds * length / 3600 / 3
    if later - earlier > GROWTH_AN_HOUR * hours + NOISE_BYTES:
        yield f"a session grows by {(later - earlier) / hours / (1 << 20):.1f} MiB an hour; {GROWTH_AN_HOUR >> 20} MiB are allowed"


def _check_inference(case: _Case) -> Iterator[str]:
    infer = case.loaded.infer
    if infer is None:
        return
    inputs: list[Any] = []

    def keep(given: Sequence[Any]) -> Sequence[Any]:
        inputs.extend(given)
        return infer(given)

    _run(open_stage(LoadedStage(case.loaded.open, keep), name=case.spec.name), case.events)
    chosen = inputs[:INFERENCES]
    results = infer(chosen) if chosen else []
    if len(results) != len(chosen):
        yield f"infer gave {len(results)} results for {len(chosen)} inputs"
    elif not all(alike(infer([one])[0], result) for one, result in zip(chosen, results, strict=True)):
        yield "infer gives other results for several inputs together than for each alone"


def _run(pipeline: Pipeline, events: Any, *, flush: bool = True) -> list[Event]:
    out = [answer for event in events for answer in pipeline.feed(event)]
    if flush:
        out += pipeline.flush()
        pipeline.close()
    return out
