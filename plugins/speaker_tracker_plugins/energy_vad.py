"""``energy_vad``: finds speech by its level alone, without a model.

For quiet rooms and tiny machines; in the place of ``silero_vad``. A frame is scored by how far its level stands out from the
background, which is the lowest level of the last seconds (minimum statistics; Martin, 2001).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Annotated, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, Field, model_validator

from speaker_tracker import hookimpl
from speaker_tracker.events import SAMPLE_RATE, AudioBlock, AudioGap, Event, SpeechAudio, SpeechEnded, SpeechStarted
from speaker_tracker.stage import Answer, LoadedStage, StageBase, StageSpec, State, float_array
from speaker_tracker.stagekit.speech_segmenter import FrameCutter, SegmentTimingOptions, SpeechSegmenter

FRAME = 320
FRAMES_PER_SECOND = SAMPLE_RATE // FRAME
SILENCE_DBFS = -96.0
BACKGROUND_SECONDS = 3


class EnergyVadOptions(SegmentTimingOptions):
    """Options of ``energy_vad``; durations are rounded to frames of 20 ms."""

    threshold_db: Annotated[float, Field(gt=0, le=60)] = Field(
        15.0, description="activation: level above the background from which a frame is speech"
    )
    deactivation_threshold_db: Annotated[float, Field(gt=0, le=60)] = Field(
        9.0,
        validation_alias=AliasChoices("deactivation_threshold_db", "release_db"),
        description="deactivation: level above the background below which a frame is silence",
    )
    floor_dbfs: Annotated[float, Field(ge=-96, le=0)] = Field(-65.0, description="lower bound of the background level")
    min_silence_ms: Annotated[int, Field(ge=0, le=5000)] = Field(240, description="shortest pause that ends a segment")
    padding_ms: Annotated[int, Field(ge=0, le=1000)] = Field(60, description="added on either side of a segment")

    @model_validator(mode="after")
    def _deactivation_below_activation(self) -> EnergyVadOptions:
        if self.deactivation_threshold_db > self.threshold_db:
            raise ValueError(
                f"deactivation_threshold_db ({self.deactivation_threshold_db}) must not be above threshold_db ({self.threshold_db})"
            )
        return self


class EnergyVad(StageBase):
    """One session's detector."""

    def __init__(self, options: EnergyVadOptions) -> None:
        self._floor = options.floor_dbfs
        self._segmenter = SpeechSegmenter(
            options.segmenter(
                threshold=options.threshold_db, deactivation_threshold=options.deactivation_threshold_db, frame_samples=FRAME
            )
        )
        self._cutter = FrameCutter(FRAME)
        self._levels: deque[float] = deque(maxlen=BACKGROUND_SECONDS * FRAMES_PER_SECOND)

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes audio blocks of any length; a gap ends the segment under way."""
        if isinstance(event, AudioGap):
            yield from self.flush()
        if not isinstance(event, AudioBlock):
            yield event
            return
        start, frames = self._cutter.feed(event)
        for number, frame in enumerate(frames):
            yield from self._judge(start + number * FRAME, frame)
        yield event

    def flush(self) -> Iterator[Answer]:
        """The last, shorter frame; then the segment under way ends."""
        start, rest = self._cutter.flush()
        if len(rest):
            yield from self._judge(start, rest)
        yield from self._segmenter.flush()

    def holds_audio(self) -> bool:
        """Whether a segment is under way, or may just have begun."""
        return self._segmenter.holds_audio()

    def snapshot(self) -> State:
        """Segment and levels; no audio."""
        return {"segmenter": self._segmenter.snapshot(), "levels": np.array(self._levels, dtype=np.float32)}

    def restore(self, state: State) -> None:
        """Goes on in silence: a segment under way has ended."""
        self._segmenter.restore(cast(State, state["segmenter"]))
        self._levels.extend(float_array(state["levels"]).tolist())

    def _judge(self, start: int, frame: NDArray[np.float32]) -> Iterator[Event]:
        power = float(np.mean(np.square(frame)))
        level = max(SILENCE_DBFS, 10.0 * float(np.log10(power))) if power > 0 else SILENCE_DBFS
        self._levels.append(level)
        background = max(self._floor, min(self._levels))
        yield from self._segmenter.feed(start, frame.copy(), level - background)


def _load(options: EnergyVadOptions) -> LoadedStage:
    return LoadedStage(lambda _session: EnergyVad(options))


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``energy_vad``."""
    return [
        StageSpec(
            name="energy_vad",
            summary="detects speech by its level, without a model",
            options=EnergyVadOptions,
            consumes=frozenset({AudioBlock, AudioGap}),
            produces=frozenset({SpeechStarted, SpeechAudio, SpeechEnded}),
            load=_load,
        )
    ]
