"""For voice activity detectors: turns scores of short frames into segments of speech.

Hysteresis, shortest speech, shortest silence and padding, whatever the scores come from.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import Event, SpeechAudio, SpeechEnded, SpeechStarted
from speaker_tracker.stage import State


@dataclass(frozen=True, slots=True)
class SegmenterOptions:
    """When a segment begins and ends.

    ``threshold``: a frame with at least this score is speech. ``release``: a frame below it is silence; one between the two is
    what the frame before it was. ``min_speech``: frames of speech that open a segment, at least 1. ``min_silence``: frames of
    silence that end it, at least 1. ``padding``: frames added on either side.
    """

    threshold: float
    release: float
    min_speech: int
    min_silence: int
    padding: int


class SpeechSegmenter:
    """Takes frames of audio with their scores, in order; answers with speech events.

    Holds at most the frames that an opening (speech, doubtful frames among it, and padding) or a pause is made of.
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

    def feed(self, start: int, samples: NDArray[np.float32], score: float) -> Iterator[Event]:
        """One frame: the position of its first sample, its samples (float32, shape ``(n,)``) and its score."""
        if self._interrupted:
            self._interrupted = False
            yield SpeechEnded(self._audio_end)
        self._held.append((start, samples))
        if self._speaking:
            yield from self._while_speaking(score)
        else:
            yield from self._while_silent(score)

    def flush(self) -> Iterator[Event]:
        """The audio is over: ends the segment under way."""
        if self._speaking:
            yield from self._end()
        elif self._interrupted:
            yield SpeechEnded(self._audio_end)

    def snapshot(self) -> State:
        """Whether and until where a segment is under way; a restored segmenter ends it there and listens anew."""
        return {"speaking": self._speaking or self._interrupted, "audio_end": self._audio_end}

    def restore(self, state: State) -> None:
        """Takes over what ``snapshot`` gave."""
        self._interrupted = bool(state["speaking"])
        self._audio_end = cast(int, state["audio_end"])

    def _while_silent(self, score: float) -> Iterator[Event]:
        options = self._options
        if score >= options.threshold:
            self._onset += 1
            self._speech_frames += 1
        elif score < options.release:
            self._onset = self._speech_frames = 0
        elif self._onset:
            self._onset += 1
        while len(self._held) > self._onset + options.padding:
            self._held.popleft()
        # A doubtful frame does not count as speech, nor may doubt go on for ever.
        if self._speech_frames >= options.min_speech:
            self._speaking = True
            self._onset = self._speech_frames = self._silent_frames = 0
            yield SpeechStarted(self._held[0][0])
            yield from self._release(len(self._held))
        elif self._onset > options.min_speech + options.min_silence:
            self._onset = self._speech_frames = 0

    def _while_speaking(self, score: float) -> Iterator[Event]:
        doubtful = self._options.release <= score < self._options.threshold
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
