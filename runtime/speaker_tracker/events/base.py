"""The base of every event."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """A message from a stage to those after it in the chain.

    Subclasses are frozen dataclasses. Positions are sample numbers at 16 kHz counted from the first sample of the session,
    unless a field's name says milliseconds; intervals are half open, ``[start, end)``. Arrays are never changed once an event
    holds them; other values go into a new array.
    """
