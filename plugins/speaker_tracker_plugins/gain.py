"""``gain``: amplifies or attenuates audio by a fixed amount, between the decoder and the detector.

For lines whose level is known to be wrong. Samples that would leave the range are soft-limited.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.events import AudioBlock, Event
from speaker_tracker.stage import Answer, LoadedStage, SessionInfo, StageOptions, StageSpec, StatelessStage

KNEE = 0.8
"""Level above which samples are compressed towards 1, which they never reach."""


class GainOptions(StageOptions):
    """Options of ``gain``."""

    decibels: Annotated[float, Field(ge=-60, le=60)] = Field(6.0, description="amplification in dB; below zero it attenuates")


class Gain(StatelessStage):
    """One session's amplifier."""

    def __init__(self, options: GainOptions) -> None:
        self._factor = np.float32(10 ** (options.decibels / 20))

    def feed(self, event: Event) -> Iterator[Answer]:
        """Replaces audio blocks by amplified ones."""
        yield AudioBlock(event.start, limited(event.samples * self._factor)) if isinstance(event, AudioBlock) else event


def limited(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """``samples`` of any level compressed to (-1, 1); those below the knee are unchanged."""
    loud = np.abs(samples)
    if loud.max(initial=0.0) <= KNEE:
        return samples
    bent = KNEE + (1 - KNEE) * np.tanh((loud - KNEE) / (1 - KNEE))
    return np.asarray(np.where(loud > KNEE, np.copysign(bent, samples), samples), np.float32)


def _load(options: GainOptions) -> LoadedStage:
    def open_session(_session: SessionInfo) -> Gain:
        return Gain(options)

    return LoadedStage(open_session)


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``gain``."""
    blocks = frozenset({AudioBlock})
    return [
        StageSpec(
            name="gain",
            summary="amplifies audio",
            options=GainOptions,
            consumes=blocks,
            produces=blocks,
            absorbs=blocks,
            load=_load,
        )
    ]
