"""``hum_filter``: takes hum and rumble out of the audio with a Butterworth high-pass filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.events import SAMPLE_RATE, AudioBlock, Event
from speaker_tracker.stage import LoadedStage, StageBase, StageOptions, StageSpec, State


class HumFilterOptions(StageOptions):
    """Each one can be set as ``SPEAKER_TRACKER_STAGE_OPTIONS__HUM_FILTER__NAME``; wrong values are refused at start-up."""

    cutoff_hz: Annotated[float, Field(ge=20, le=1000)] = Field(80.0, description="frequency below which sound is taken away")
    order: Annotated[int, Field(ge=1, le=8)] = Field(4, description="steepness of the filter: 6 dB an octave for each")


class HumFilter(StageBase):
    """One session's filter. ``sections``: second-order sections, shape ``(n, 6)``; all sessions share them."""

    def __init__(self, sections: np.ndarray) -> None:
        self._sections = sections
        self._state = np.zeros((len(sections), 2))

    def feed(self, event: Event) -> Iterator[Event]:
        """Puts a filtered block in the place of each block of audio, and passes on everything else."""
        from scipy.signal import sosfilt  # noqa: PLC0415 - heavy: imported when the stage is used, not when it is on offer

        if isinstance(event, AudioBlock):
            filtered, self._state = sosfilt(self._sections, event.samples, zi=self._state)
            event = AudioBlock(event.start, np.clip(filtered, -1, 1).astype(np.float32))
        yield event

    def snapshot(self) -> State:
        """The filter's memory: four numbers, from which no audio can be made."""
        return {"state": self._state.copy()}

    def restore(self, state: State) -> None:
        """Goes on where the other one stopped."""
        self._state = np.array(state["state"], dtype=np.float64)


def _load(options: HumFilterOptions) -> LoadedStage:
    """Called once per process: what all sessions share is made here."""
    from scipy.signal import butter  # noqa: PLC0415 - as above

    sections = butter(options.order, options.cutoff_hz, "highpass", fs=SAMPLE_RATE, output="sos")
    return LoadedStage(open=lambda _session: HumFilter(sections))


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """What this distribution has on offer."""
    blocks = frozenset({AudioBlock})
    return [
        StageSpec(
            name="hum_filter",
            summary="takes low hum out of the audio",
            options=HumFilterOptions,
            consumes=blocks,
            produces=blocks,
            absorbs=blocks,  # its own blocks take the place of those that it hears
            load=_load,
        )
    ]
