"""Building blocks of voice activity detectors: framing of audio, and speech segments from the frames' scores.

Applies hysteresis, minimum durations of speech and silence, and padding to scores of any kind.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from speaker_tracker.events import SAMPLE_RATE, AudioBlock, Event, SpeechAudio, SpeechEnded, SpeechStarted
from speaker_tracker.stage import StageOptions, State


@dataclass(frozen=True, slots=True)
class SegmenterOptions:
    """Parameters of segmentation, in frames.

    ``threshold``: activation threshold; a frame with at least this score is speech. ``deactivation_threshold``: a frame with less
    than this is silence, and one between the two is undecided and continues the state before it. ``min_speech``: frames of speech
    that open a segment, at least 1. ``min_silence``: frames of silence that end it, at least 1. ``padding``: frames added on either
    side.
    """

    threshold: float
    deactivation_threshold: float
    min_speech: int
    min_silence: int
    padding: int


class SegmentTimingOptions(StageOptions):
    """Base of a detector's options; durations are rounded to its frames."""

    min_speech_ms: Annotated[int, Field(ge=0, le=2000)] = Field(100, description="shortest speech that opens a segment")
    min_silence_ms: Annotated[int, Field(ge=0, le=5000)] = Field(200, description="shortest pause that ends a segment")
    padding_ms: Annotated[int, Field(ge=0, le=1000)] = Field(40, description="added on either side of a segment")

    def segmenter(self, *, threshold: float, deactivation_threshold: float, frame_samples: int) -> SegmenterOptions:
        """These options in frames of ``frame_samples``, with the activation and deactivation thresholds of the scores."""

        def frames(milliseconds: int) -> int:
            return round(milliseconds * SAMPLE_RATE / 1000 / frame_samples)

        return SegmenterOptions(
            threshold=threshold,
            deactivation_threshold=deactivation_threshold,
            min_speech=max(1, frames(self.min_speech_ms)),
            min_silence=max(1, frames(self.min_silence_ms)),
            padding=frames(self.padding_ms),
        )


class FrameCutter:
    """Cuts blocks of any length into frames of ``size`` samples; buffers less than a frame.

    A block that does not begin where the one before it ended, as after a gap, begins a new frame; what was buffered is dropped,
    unless it was taken with ``flush`` at the gap.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._rest = np.empty(0, np.float32)
        self._position = 0

    def feed(self, block: AudioBlock) -> tuple[int, NDArray[np.float32]]:
        """Adds samples; returns the complete frames, float32, shape ``(n, size)``, n >= 0, and the position of the first."""
        if block.start != self._position + len(self._rest):
            self._rest = self._rest[:0]
        if not len(self._rest):
            self._position = block.start
        samples = np.concatenate([self._rest, block.samples])
        whole = len(samples) // self._size * self._size
        self._rest = samples[whole:].copy()  # a view would hold all of the samples
        start, self._position = self._position, self._position + whole
        return start, samples[:whole].reshape(-1, self._size)

    def flush(self) -> tuple[int, NDArray[np.float32]]:
        """Position and samples of the remainder, float32, shape ``(n,)``, n < size."""
        rest, self._rest = self._rest, np.empty(0, np.float32)
        start, self._position = self._position, self._position + len(rest)
        return start, rest


class SpeechSegmenter:
    """Converts frames of audio with their scores, in order, into speech events.

    Buffers at most the frames of an onset (speech, undecided frames, and padding) or of a pause. A frame that does not begin where
    the one before it ended, as after a gap, ends the segment under way; call ``flush`` at the gap to end it there and then.
    """

    def __init__(self, options: SegmenterOptions) -> None:
        self._options = options
        self._held: deque[tuple[int, NDArray[np.float32]]] = deque()
        self._speaking = False
        self._onset = 0
        self._speech_frames = 0
        self._silent_frames = 0
        self._audio_end = 0
        self._interrupted = False
        self._heard_to: int | None = None

    def feed(self, start: int, samples: NDArray[np.float32], score: float) -> Iterator[Event]:
        """Adds a frame: position of its first sample, its samples (float32, shape ``(n,)``) and its score."""
        if self._interrupted:
            self._interrupted = False
            yield SpeechEnded(self._audio_end)
        if self._heard_to is not None and start != self._heard_to:
            yield from self.flush()
        self._heard_to = start + len(samples)
        self._held.append((start, samples))
        if self._speaking:
            yield from self._while_speaking(score)
        else:
            yield from self._while_silent(score)

    def flush(self) -> Iterator[Event]:
        """Ends the segment under way at the end of the audio, or at a gap; speech begins anew afterwards."""
        if self._speaking:
            yield from self._end()
        elif self._interrupted:
            self._interrupted = False
            yield SpeechEnded(self._audio_end)
        self._held.clear()
        self._onset = self._speech_frames = 0

    def holds_audio(self) -> bool:
        """Whether a segment is under way, or may just have begun."""
        return self._speaking or self._interrupted or self._onset > 0

    def snapshot(self) -> State:
        """Whether a segment is under way, and its end so far; a restored segmenter ends it there and starts in silence."""
        return {"speaking": self._speaking or self._interrupted, "audio_end": self._audio_end}

    def restore(self, state: State) -> None:
        """Restores a ``snapshot``."""
        self._interrupted = bool(state["speaking"])
        self._audio_end = cast(int, state["audio_end"])

    def _while_silent(self, score: float) -> Iterator[Event]:
        options = self._options
        if score >= options.threshold:
            self._onset += 1
            self._speech_frames += 1
        elif score < options.deactivation_threshold:
            self._onset = self._speech_frames = 0
        elif self._onset:
            self._onset += 1
        while len(self._held) > self._onset + options.padding:
            self._held.popleft()
        # An undecided frame does not count as speech, and undecided frames alone must not hold an onset open for ever.
        if self._speech_frames >= options.min_speech:
            self._speaking = True
            self._onset = self._speech_frames = self._silent_frames = 0
            yield SpeechStarted(self._held[0][0])
            yield from self._release(len(self._held))
        elif self._onset > options.min_speech + options.min_silence:
            self._onset = self._speech_frames = 0

    def _while_speaking(self, score: float) -> Iterator[Event]:
        doubtful = self._options.deactivation_threshold <= score < self._options.threshold
        if score >= self._options.threshold or (doubtful and not self._silent_frames):
            self._silent_frames = 0
            yield from self._release(len(self._held))
            return
        self._silent_frames += 1
        if self._silent_frames >= self._options.min_silence:
            yield from self._end()

    def _end(self) -> Iterator[Event]:
        yield from self._release(min(self._options.padding, len(self._held)))
        yield SpeechEnded(self._audio_end)
        self._speaking = False
        self._silent_frames = 0
        while len(self._held) > self._options.padding:
            self._held.popleft()

    def _release(self, frames: int) -> Iterator[Event]:
        for _ in range(frames):
            start, samples = self._held.popleft()
            self._audio_end = start + len(samples)
            yield SpeechAudio(start, samples)
