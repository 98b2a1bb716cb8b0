"""Base of embedding stages: windows, feature mean and answers of a session; the stage supplies the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import zip_longest
from typing import Annotated, Literal, cast

from pydantic import Field, model_validator

from speaker_tracker.events import SAMPLE_RATE, Event, SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding, VoiceModel
from speaker_tracker.stage import Answer, Inference, StageBase, StageOptions, State, StateMismatch, float_array
from speaker_tracker.stagekit.speech_windows import NOTHING, SpeechWindows, Window
from speaker_tracker.stagekit.voice_encoder import FeatureMean, VoiceQuery, VoiceVectors


class WindowEmbeddingOptions(StageOptions):
    """Base of an embedding stage's options."""

    window_ms: Annotated[int, Field(ge=300, le=5000)] = Field(1500, description="length of the speech window of each embedding")
    hop_ms: Annotated[int, Field(ge=50, le=5000)] = Field(250, description="step between embeddings; each labels this much speech")
    normalization: Literal["session", "window"] = Field(
        "session", description="mean subtracted from the features: of the session's speech so far, or of the window alone"
    )

    @model_validator(mode="after")
    def _hop_within_window(self) -> WindowEmbeddingOptions:
        if self.hop_ms > self.window_ms:
            raise ValueError(f"hop_ms ({self.hop_ms}) must not be longer than window_ms ({self.window_ms})")
        return self


class WindowEmbedding(StageBase):
    """Windows of one session; buffers no more audio than one window and the samples of one call.

    Answers with inferences whose inputs are ``VoiceQuery`` objects, for the ``infer`` of a ``VoiceEncoder``.
    """

    def __init__(self, options: WindowEmbeddingOptions, model: VoiceModel) -> None:
        self._length = options.window_ms * SAMPLE_RATE // 1000
        self._hop = options.hop_ms * SAMPLE_RATE // 1000
        self._model = model
        self._windows: SpeechWindows | None = None
        self._ended, self._tail = 0, NOTHING  # end and last samples of the segment before
        self._mean = FeatureMean() if options.normalization == "session" else None

    def feed(self, event: Event) -> Iterator[Answer]:
        """Consumes a segment's start, audio and end; the end is passed on after the segment's last embedding."""
        yield from self.feed_all([event])

    def feed_all(self, events: Sequence[Event]) -> Iterator[Answer]:
        """As ``feed``, with one question for all windows."""
        windows = [self._windows_of(event) for event in events]
        if any(windows):
            yield self._ask(windows, events)
        else:
            yield from events

    def flush(self) -> Iterator[Answer]:
        """Ends a segment that is still under way."""
        if rest := self._end_segment():
            yield self._ask([rest], ())

    def _windows_of(self, event: Event) -> list[Window]:
        """The windows that ``event`` completes."""
        match event:
            case SpeechStarted():
                before = self._tail if event.start == self._ended else NOTHING
                self._windows = SpeechWindows(event.start, length=self._length, hop=self._hop, before=before)
                self._tail = NOTHING
            case SpeechAudio() if self._windows is not None:
                return list(self._windows.feed(event.samples))
            case SpeechEnded():
                self._ended = event.end
                return self._end_segment()
        return []

    def _end_segment(self) -> list[Window]:
        if self._windows is None:
            return []
        rest = list(self._windows.end())
        self._tail = self._windows.tail
        self._windows = None
        return rest

    def holds_audio(self) -> bool:
        """Whether a segment is under way."""
        return self._windows is not None

    def snapshot(self) -> State:
        """The mean of the session's features, without the audio of the segment under way."""
        if self._mean is None:
            return {"model": self._model.name}
        return {"model": self._model.name, "sum": self._mean.total, "frames": self._mean.frames}

    def restore(self, state: State) -> None:
        """Restores that mean. Raises ``StateMismatch`` for another model."""
        if state["model"] != self._model.name:
            raise StateMismatch(f"the session was embedded by {state['model']}, and this is {self._model.name}")
        if self._mean is not None:
            self._mean = FeatureMean(float_array(state["sum"]), cast(int, state["frames"]))

    def _ask(self, windows: Sequence[Sequence[Window]], events: Sequence[Event]) -> Inference:
        asked = [window for group in windows for window in group]
        return Inference(VoiceQuery(asked, self._mean), partial(self._answer, windows, events))

    def _answer(self, windows: Sequence[Sequence[Window]], events: Sequence[Event], result: VoiceVectors) -> Iterator[Event]:
        """Embeddings of each group of windows, each followed by the event that completed it; at the end there is none."""
        self._mean = result.mean
        vectors = iter(result.vectors)
        for group, event in zip_longest(windows, events):
            for window in group:
                yield VoiceEmbedding(window.start, window.end, window.heard_start, window.heard_end, next(vectors), self._model)
            if event is not None:
                yield event
