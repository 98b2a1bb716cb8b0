"""Segments of speech out of what a detector says at once and what a segmentation says a little later.

While a segment is under way, audio that the detector takes for speech is passed on at once, and the segment ends where the detector
ends it, so that nothing waits for the segmentation. What the segmentation then says holds: it opens segments, goes on where the
detector stopped (in a segment that begins where the one before it ended), and tells of pauses in what was passed on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from speaker_tracker.events import AudioBlock, Event, SpeechAudio, SpeechEnded, SpeechPause, SpeechStarted
from speaker_tracker.stage import State


@dataclass(slots=True)
class _Segment:
    start: int
    end: int
    under_way: bool = True


class DetectedSpeech:
    """The segments that a detector has told so far, as long as they matter."""

    def __init__(self) -> None:
        self._segments: deque[_Segment] = deque()

    def feed(self, event: SpeechStarted | SpeechAudio | SpeechEnded) -> None:
        """Takes in an event of the detector."""
        if isinstance(event, SpeechStarted):
            self._segments.append(_Segment(event.start, event.start))
        elif self._segments:
            self._segments[-1].end = event.end
            self._segments[-1].under_way = isinstance(event, SpeechAudio)

    def covers(self, position: int) -> bool:
        """Whether ``position`` (samples) is speech."""
        return any(segment.start <= position < segment.end for segment in self._segments)

    def end_from(self, position: int) -> int:
        """Up to where there is speech without a break from ``position`` on; ``position`` itself if there is none."""
        return next((segment.end for segment in self._segments if segment.start <= position < segment.end), position)

    def ended_at(self, position: int) -> bool:
        """Whether a segment ended exactly there."""
        return any(segment.end == position and not segment.under_way for segment in self._segments)

    def forget(self, position: int) -> None:
        """Drops what lies before ``position``; the latest segment, which may go on, is kept."""
        while len(self._segments) > 1 and self._segments[0].end < position:
            self._segments.popleft()

    def clear(self) -> None:
        """Drops everything, as at a gap."""
        self._segments.clear()


@dataclass(frozen=True, slots=True)
class MergerOptions:
    """In frames, each at least 1. ``min_speech``: of speech that open a segment; ``min_silence``: of a pause."""

    min_speech: int
    min_silence: int


class SpeechMerger:
    """Speech events of one session. Frames are decided in order and without gaps; audio is known before they are.

    Buffers the audio that is not decided yet and was not passed on.
    """

    def __init__(self, options: MergerOptions) -> None:
        self._options = options
        self.detected = DetectedSpeech()
        self._audio = np.empty(0, np.float32)
        self._audio_start = 0
        self._speaking = False
        self._interrupted = False
        self._released = 0
        self._spoken_from: int | None = None
        self._spoken_frames = 0
        self._silent_from = 0
        self._silent_frames = 0
        self._paused_to = 0

    def hear(self, block: AudioBlock) -> Iterator[Event]:
        """Adds audio; answers with what of it is passed on at once."""
        if self._interrupted:
            self._interrupted = False
            yield SpeechEnded(self._released)
        if not len(self._audio):
            self._audio_start = block.start
        self._audio = np.concatenate([self._audio, block.samples])
        yield from self._pass_on()

    def decide(self, start: int, end: int, *, speech: bool) -> Iterator[Event]:
        """Takes in whether the frame ``[start, end)`` (samples) is speech."""
        if speech:
            yield from self._hear_speech(start, end)
        else:
            yield from self._hear_silence(start, end)
        self.detected.forget(end)
        self._forget(end)

    def end(self) -> Iterator[Event]:
        """Ends the segment under way at the end of the audio, or at a gap; all frames have been decided."""
        yield from self._tell_pause(self._released)
        if self._speaking or self._interrupted:
            yield SpeechEnded(self._released)
        self._speaking = self._interrupted = False
        self._spoken_from, self._spoken_frames, self._silent_frames = None, 0, 0
        self._audio = self._audio[:0]
        self.detected.clear()

    def holds_audio(self) -> bool:
        """Whether a segment is under way, or may just have begun."""
        return self._speaking or self._interrupted or self._spoken_from is not None

    def snapshot(self) -> State:
        """Whether a segment is under way, and its end so far; a restored merger ends it there."""
        return {"speaking": self._speaking or self._interrupted, "released": self._released}

    def restore(self, state: State) -> None:
        """Restores a ``snapshot``."""
        self._interrupted = bool(state["speaking"])
        self._released = cast(int, state["released"])

    def _hear_speech(self, start: int, end: int) -> Iterator[Event]:
        self._silent_frames = 0
        if self._spoken_from is None:
            self._spoken_from = start
        self._spoken_frames += 1
        if not self._speaking:
            if self._spoken_frames < self._options.min_speech or end <= self._released:
                return
            self._speaking = True
            self._released = max(self._spoken_from, self._audio_start, self._released)
            yield SpeechStarted(self._released)
        yield from self._release(end)
        yield from self._pass_on()

    def _hear_silence(self, start: int, end: int) -> Iterator[Event]:
        self._spoken_from, self._spoken_frames = None, 0
        if not self._silent_frames:
            self._silent_from = start
        self._silent_frames += 1
        if self._silent_frames < self._options.min_silence:
            return
        yield from self._tell_pause(min(end, self._released))
        if self._speaking and end >= self._released:
            yield SpeechEnded(self._released)
            self._speaking = False

    def _tell_pause(self, end: int) -> Iterator[Event]:
        start = max(self._paused_to, self._silent_from)
        if self._silent_frames and start < end:
            self._paused_to = end
            yield SpeechPause(start, end)

    def _pass_on(self) -> Iterator[Event]:
        """What the detector takes for speech, as long as the segmentation hears no long pause."""
        if self._speaking and self._silent_frames < self._options.min_silence:
            yield from self._release(self.detected.end_from(self._released))
            if self.detected.ended_at(self._released):
                yield SpeechEnded(self._released)
                self._speaking = False

    def _release(self, end: int) -> Iterator[Event]:
        end = min(end, self._audio_start + len(self._audio))
        if end > self._released:
            samples = self._audio[self._released - self._audio_start : end - self._audio_start].copy()
            yield SpeechAudio(self._released, samples)
            self._released = end

    def _forget(self, decided: int) -> None:
        """Drops audio that can be part of no segment any more."""
        undecided = decided if self._spoken_from is None else self._spoken_from
        needed = self._released if self._speaking else max(undecided, self._released)
        gone = min(needed - self._audio_start, len(self._audio))
        if gone > 0:
            self._audio = self._audio[gone:].copy()
            self._audio_start += gone
