"""Comparison of streams of events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from speaker_tracker.events import AudioClock, Event
from speaker_tracker.testing.single_stage import recut

RELATIVE, ABSOLUTE = 1e-3, 1e-4
"""Tolerance of numbers: models give slightly different results in different batches."""


def alike(one: Any, other: Any) -> bool:
    """Equality with tolerance for arrays and floating-point numbers, at any depth."""
    if hasattr(one, "__array__") or hasattr(other, "__array__"):
        first, second = np.asarray(one), np.asarray(other)
        return first.shape == second.shape and np.allclose(first, second, RELATIVE, ABSOLUTE, equal_nan=True)
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return bool(np.isclose(one, other, RELATIVE, ABSOLUTE, equal_nan=True))
    if is_dataclass(one) or isinstance(one, Mapping):
        parts, others = _parts(one), _parts(other)
        return parts.keys() == others.keys() and all(alike(value, others[key]) for key, value in parts.items())
    if isinstance(one, Sequence) and not isinstance(one, str | bytes):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


def _parts(whole: Any) -> Mapping[Any, Any]:
    return whole if isinstance(whole, Mapping) else {field.name: getattr(whole, field.name) for field in fields(whole)}


def difference(expected: Iterable[Event], found: Iterable[Event]) -> str | None:
    """First difference between two streams, in words; None if there is none. Audio may be cut in any way.

    ``AudioClock`` events are ignored, as their frequency is up to the stage.
    """
    first, second = ([event for event in recut(events, None) if not isinstance(event, AudioClock)] for events in (expected, found))
    for number, (one, other) in enumerate(zip(first, second, strict=False)):
        if not alike(one, other):
            return f"event {number} is {short(other)} instead of {short(one)}"
    if len(first) != len(second):
        longer, what = (first, "missing") if len(first) > len(second) else (second, "too many")
        return f"{len(second)} events instead of {len(first)}: {short(longer[min(len(first), len(second))])} is {what}"
    return None


def only(types: Collection[type[Event]], events: Iterable[Event]) -> list[Event]:
    """The events of these types."""
    return [event for event in events if isinstance(event, tuple(types))]


def short(event: object) -> str:
    """An event on one line, with arrays abbreviated to their shapes."""
    if not is_dataclass(event) or isinstance(event, type):
        return repr(event)[:120]
    shown = (
        f"{field.name}={f'array{value.shape}' if isinstance(value, np.ndarray) else repr(value)[:60]}"
        for field in fields(event)
        for value in (getattr(event, field.name),)
    )
    return f"{type(event).__name__}({', '.join(shown)})"
