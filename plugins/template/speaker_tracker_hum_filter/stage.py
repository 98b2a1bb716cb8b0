"""``hum_filter``: removes hum and rumble from the audio with a Butterworth high-pass filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.events import SAMPLE_RATE, AudioBlock, Event
from speaker_tracker.stage import LoadedStage, StageBase, StageOptions, StageSpec, State


class HumFilterOptions(StageOptions):
    """Options, set as ``SPEAKER_TRACKER_STAGE_OPTIONS__HUM_FILTER__NAME``; invalid values are rejected at start-up."""

    cutoff_hz: Annotated[float, Field(ge=20, le=1000)] = Field(80.0, description="frequency below which sound is attenuated")
    order: Annotated[int, Field(ge=1, le=8)] = Field(4, description="steepness of the filter: 6 dB an octave for each")


class HumFilter(StageBase):
    """One session's filter. ``sections``: second-order sections, shape ``(n, 6)``; all sessions share them."""

    def __init__(self, sections: np.ndarray) -> None:
        self._sections = sections
        self._state = np.zeros((len(sections), 2))

    def feed(self, event: Event) -> Iterator[Event]:
        """Replaces each block of audio by a filtered one, and passes on everything else."""
        from scipy.signal import sosfilt  # noqa: PLC0415 - heavy: imported only when the stage is used

        if isinstance(event, AudioBlock):
            filtered, self._state = sosfilt(self._sections, event.samples, zi=self._state)
            event = AudioBlock(event.start, np.clip(filtered, -1, 1).astype(np.float32))
        yield event

    def snapshot(self) -> State:
        """The filter's state: a few numbers, from which audio cannot be reconstructed."""
        return {"state": self._state.copy()}

    def restore(self, state: State) -> None:
        """Continues from a snapshot."""
        self._state = np.array(state["state"], dtype=np.float64)


def _load(options: HumFilterOptions) -> LoadedStage:
    """Called once per process to create what all sessions share."""
    from scipy.signal import butter  # noqa: PLC0415 - as above

    sections = butter(options.order, options.cutoff_hz, "highpass", fs=SAMPLE_RATE, output="sos")
    return LoadedStage(open=lambda _session: HumFilter(sections))


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """The stages of this distribution."""
    blocks = frozenset({AudioBlock})
    return [
        StageSpec(
            name="hum_filter",
            summary="removes low hum from the audio",
            options=HumFilterOptions,
            consumes=blocks,
            produces=blocks,
            absorbs=blocks,  # replaced by its own blocks
            load=_load,
        )
    ]
