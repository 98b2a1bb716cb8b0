"""Base of a segmentation stage's sessions: audio cut into chunks for a network, and what it says of them made into events.

The network says of a frame what it is once it has heard some audio behind it. So what is said of a chunk belongs to earlier frames,
and at the end of the audio, or at a gap, the rest has to be asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import (
    AudioBlock,
    AudioGap,
    Event,
    OverlappedSpeech,
    SpeakerChange,
    SpeechAudio,
    SpeechEnded,
    SpeechPause,
    SpeechStarted,
)
from speaker_tracker.stage import Answer, Inference, StageBase
from speaker_tracker.stagekit.speaker_segmentation import SegmentationDecoder, SpeakerSegmentationOptions
from speaker_tracker.stagekit.speech_segmenter import FrameCutter

SPEECH: frozenset[type[Event]] = frozenset({SpeechStarted, SpeechAudio, SpeechEnded})
"""What a detector tells; a segmentation stage consumes it, and tells its own in its place."""
CONSUMED: frozenset[type[Event]] = frozenset({AudioBlock, AudioGap}) | SPEECH
PRODUCED: frozenset[type[Event]] = frozenset({SpeechPause, OverlappedSpeech, SpeakerChange}) | SPEECH


class SegmentationStage(StageBase, ABC):
    """One session's segmentation; the stage supplies the questions to its network."""

    def __init__(self, options: SpeakerSegmentationOptions, frame: int, chunk: int) -> None:
        """``frame``: samples that one row of probabilities stands for. ``chunk``: samples that are heard at a time."""
        self.decoder = SegmentationDecoder(options, frame)
        self._cutter = FrameCutter(chunk)
        self._heard = False

    @abstractmethod
    def ask(self, start: int, chunks: NDArray[np.float32]) -> Inference:
        """The question about the next chunks: position of the first, and samples, shape ``(n, chunk)``, n >= 1.

        It is answered by ``told``, with the frames that are known now.
        """

    @abstractmethod
    def ask_rest(self, start: int, rest: NDArray[np.float32]) -> Inference:
        """The question about the end of the audio: position and samples, shape ``(n,)``, n < ``chunk``, of what is left.

        It is answered by ``told`` with ``last``, and all frames that were not known before.
        """

    @abstractmethod
    def begin_anew(self) -> None:
        """Forgets what was heard; audio that follows has nothing to do with it."""

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes audio, and what a detector took for speech; answers with what is speech. A gap ends a segment."""
        match event:
            case AudioGap():
                yield from self.flush()
                yield event
            case AudioBlock():
                yield from self.decoder.hear(event)
                start, chunks = self.cut(event)
                if len(chunks):
                    yield self.ask(start, chunks)
                yield event
            case _:
                yield from self.pass_on(event)

    def cut(self, block: AudioBlock) -> tuple[int, NDArray[np.float32]]:
        """Takes in a block: position of the first of the chunks that it completes, and these, shape ``(n, chunk)``, n >= 0."""
        self._heard = True
        return self._cutter.feed(block)

    def pass_on(self, event: Event) -> Iterator[Event]:
        """Takes in what a detector tells; all but that goes on."""
        if isinstance(event, SpeechStarted | SpeechAudio | SpeechEnded):
            self.decoder.merger.detected.feed(event)
        else:
            yield event

    def holds_audio(self) -> bool:
        """Whether a segment is under way, or may just have begun."""
        return self.decoder.merger.holds_audio()

    def flush(self) -> Iterator[Answer]:
        """Decides all of the audio so far; what follows is heard afresh."""
        if self._heard:
            yield self.ask_rest(*self._cutter.flush())
        else:
            yield from self.decoder.end()

    def told(self, start: int, probabilities: NDArray[np.float32], *, last: bool) -> Iterator[Event]:
        """What the network said of the frames from ``start`` (samples) on, as ``SegmentationDecoder.decide``, made into events."""
        yield from self.decoder.decide(start, probabilities)
        if last:
            self._heard = False
            self.begin_anew()
            yield from self.decoder.end()
