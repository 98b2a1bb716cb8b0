"""Base of segmentation stages: what is made of a network's probabilities, frame by frame; the stage supplies the network.

Of each frame, a network tells how probably nobody, one, or two or more speak, and how probably another speaker begins there. It may
look ahead, so what it says of a frame is known later. What a detector before it takes for speech counts as well.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Annotated, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from speaker_tracker.events import SAMPLE_RATE, AudioBlock, Event, OverlappedSpeech, SpeakerChange
from speaker_tracker.stage import StageOptions, State
from speaker_tracker.stagekit.speech_merger import MergerOptions, SpeechMerger

NOBODY, ONE, SEVERAL, CHANGE = range(4)
"""Columns of a network's probabilities."""
SMALLEST = 1e-6
PEAK_MS = 150
"""A change is more probable than any other this close to it."""


class SpeakerSegmentationOptions(StageOptions):
    """Base of a segmentation stage's options; durations are rounded to its frames."""

    threshold: Annotated[float, Field(gt=0, lt=1)] = Field(0.5, description="probability from which a frame is speech")
    detector_weight: Annotated[float, Field(ge=0, le=20)] = Field(
        1.0, description="how much the detector before counts: added to, or taken off, the log-odds of speech"
    )
    min_speech_ms: Annotated[int, Field(ge=0, le=2000)] = Field(60, description="shortest speech that opens a segment")
    min_silence_ms: Annotated[int, Field(ge=0, le=5000)] = Field(200, description="shortest pause that is told, or ends a segment")
    overlap_threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.55, description="probability from which two are said to speak at the same time"
    )
    min_overlap_ms: Annotated[int, Field(ge=0, le=2000)] = Field(100, description="shortest stretch of overlapped speech")
    change_threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.15, description="probability from which a change of speaker is told, along with the probability"
    )


class SegmentationDecoder:
    """Speech events, overlaps and changes of one session, out of audio, a detector's segments and a network's probabilities."""

    def __init__(self, options: SpeakerSegmentationOptions, frame: int) -> None:
        """``frame``: length of a frame of probabilities in samples."""

        def frames(milliseconds: float) -> int:
            return max(1, round(milliseconds * SAMPLE_RATE / 1000 / frame))

        self.merger = SpeechMerger(MergerOptions(frames(options.min_speech_ms), frames(options.min_silence_ms)))
        self._threshold = _log_odds(options.threshold)
        self._detector_weight = options.detector_weight
        self._overlaps = OverlapFinder(options.overlap_threshold, frames(options.min_overlap_ms))
        self._changes = ChangeFinder(options.change_threshold, frames(PEAK_MS))
        self._frame = frame
        self._begin: int | None = None
        self._heard_to = 0

    def hear(self, block: AudioBlock) -> Iterator[Event]:
        """Takes in audio; answers with what of it is passed on at once."""
        if self._begin is None:
            self._begin = block.start
        self._heard_to = block.end
        yield from self.merger.hear(block)

    def decide(self, start: int, probabilities: NDArray[np.float32]) -> Iterator[Event]:
        """Takes in the next frames: position of the first, and ``probabilities``, shape ``(n, 4)``.

        Frames before the audio began, and beyond its end so far, are left out; the last one may be cut short.
        """
        for number, row in enumerate(probabilities.tolist()):
            first = max(start + number * self._frame, self._begin or 0)
            last = min(start + (number + 1) * self._frame, self._heard_to)
            if first >= last or self._begin is None:
                continue
            sign = 1 if self.merger.detected.covers((first + last) // 2) else -1
            speech = _log_odds(1 - row[NOBODY]) + sign * self._detector_weight >= self._threshold
            # What is heard within a segment is told before its end.
            yield from self._overlaps.feed(first, last, row[SEVERAL] if speech else 0.0)
            yield from self._changes.feed(first, row[CHANGE])
            yield from self.merger.decide(first, last, speech=speech)

    def end(self) -> Iterator[Event]:
        """Ends at a gap or at the end of the audio, all frames of which have been decided."""
        self._overlaps.clear()
        yield from self._changes.flush()
        yield from self.merger.end()
        self._begin = None

    def snapshot(self) -> State:
        """Whether a segment is under way; a restored decoder ends it and begins anew, as behind a gap."""
        return {"merger": self.merger.snapshot()}

    def restore(self, state: State) -> None:
        """Restores a ``snapshot``."""
        self.merger.restore(cast(State, state["merger"]))


class OverlapFinder:
    """Stretches of frames from ``threshold`` on; one that is shorter than ``shortest`` frames is not told."""

    def __init__(self, threshold: float, shortest: int) -> None:
        self._threshold, self._shortest = threshold, shortest
        self._waiting: list[tuple[int, int, float]] = []
        self._told = False

    def feed(self, start: int, end: int, probability: float) -> Iterator[Event]:
        """Takes in the frame ``[start, end)`` (samples); answers once a stretch is long enough, and then frame by frame."""
        if probability < self._threshold:
            self.clear()
            return
        self._waiting.append((start, end, probability))
        if self._told or len(self._waiting) >= self._shortest:
            mean = sum(each for _, _, each in self._waiting) / len(self._waiting)
            yield OverlappedSpeech(self._waiting[0][0], end, mean)
            self._waiting.clear()
            self._told = True

    def clear(self) -> None:
        """Begins anew, as at a gap."""
        self._waiting.clear()
        self._told = False


class ChangeFinder:
    """Frames whose probability of a change is at least ``threshold`` and higher than that of any other up to ``reach`` away."""

    def __init__(self, threshold: float, reach: int) -> None:
        self._threshold, self._reach = threshold, reach
        self._frames: deque[tuple[int, float]] = deque(maxlen=2 * reach + 1)

    def feed(self, start: int, probability: float) -> Iterator[Event]:
        """Takes in a frame that begins at ``start`` (samples); answers with a change ``reach`` frames before it."""
        self._frames.append((start, probability))
        if len(self._frames) > self._reach:
            yield from self._told(len(self._frames) - 1 - self._reach)

    def flush(self) -> Iterator[Event]:
        """Answers with a change among the last frames; then begins anew."""
        for place in range(max(0, len(self._frames) - self._reach), len(self._frames)):
            yield from self._told(place)
        self._frames.clear()

    def _told(self, place: int) -> Iterator[Event]:
        start, probability = self._frames[place]
        if probability < self._threshold:
            return
        frames = list(self._frames)
        before = max((each for _, each in frames[max(0, place - self._reach) : place]), default=0.0)
        behind = max((each for _, each in frames[place + 1 : place + 1 + self._reach]), default=0.0)
        if probability > before and probability >= behind:
            yield SpeakerChange(start, probability)


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, SMALLEST), 1 - SMALLEST)
    return math.log(bounded / (1 - bounded))
