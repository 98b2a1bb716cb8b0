"""Speaker verification by the chain's embedding stage: equal error rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.engine.chain import Chain
from speaker_tracker.engine.offers import Configured, ConfiguredStage
from speaker_tracker.engine.pipeline import Pipeline
from speaker_tracker.errors import UserError
from speaker_tracker.evaluation.utterances import Utterance, VerificationSetError
from speaker_tracker.evaluation.verification import Trials, cosine_trials, window_starts
from speaker_tracker.events import SAMPLE_RATE, SpeechAudio, SpeechEnded, SpeechStarted, VoiceEmbedding
from speaker_tracker.stage import SessionInfo

WINDOW_OPTIONS = ("window_ms", "hop_ms", "normalization")


def embedding_stage(configured: Sequence[ConfiguredStage]) -> ConfiguredStage:
    """The embedding stage of a chain. Raises ``UserError`` if there is none, or if it does not work on windows."""
    for stage in configured:
        if VoiceEmbedding in stage.provided.spec.produces:
            lacking = [name for name in WINDOW_OPTIONS if name not in type(stage.options).model_fields]
            if lacking:
                raise UserError(f"stage {stage.name!r} cannot be measured by windows: it has no option {', '.join(lacking)}")
            return stage
    raise UserError("no stage in SPEAKER_TRACKER_STAGES produces VoiceEmbedding, so there is nothing to measure")


class WindowEmbedder:
    """``stage``, loaded so that a segment of ``window_ms`` gives one embedding; ``normalization``: value of the stage's option.

    ``window``: its length in samples. Raises ``ChainError`` if the stage cannot be loaded.
    """

    def __init__(self, stage: ConfiguredStage, window_ms: int, normalization: str) -> None:
        values: dict[str, Any] = {
            **stage.options.model_dump(exclude_unset=True),
            "window_ms": window_ms,
            "hop_ms": window_ms,
            "normalization": normalization,
        }
        options = type(stage.options).model_validate(values)
        self.window = window_ms * SAMPLE_RATE // 1000
        self._has_context = normalization == "session"
        self._chain = Chain([Configured(stage.provided, options)])

    @property
    def model(self) -> str:
        """The stage's description of its model, as on ``/health``."""
        return next((info["model"] for info in self._chain.info.values() if "model" in info), "")

    def embed(self, samples: NDArray[np.float32], starts: Sequence[int]) -> list[NDArray[np.float32]]:
        """Embeddings of the windows of one utterance, shape ``(d,)`` each.

        With normalization by session, the whole utterance is fed first, so that the session's mean is that of the utterance.
        """
        pipeline = self._chain.open(SessionInfo("evaluation", 1))
        position = 0
        if self._has_context:
            _heard(pipeline, samples, position)
            position = len(samples)
        vectors = []
        for start in starts:
            found = _heard(pipeline, samples[start : start + self.window], position)
            if len(found) != 1:
                raise UserError(f"the embedding stage answered one window with {len(found)} embeddings; it must answer with one")
            vectors.append(found[0])
            position += self.window
        pipeline.close()
        return vectors

    def close(self) -> None:
        """Closes the stage."""
        self._chain.close()


def measure(
    embedder: WindowEmbedder, utterances: Sequence[Utterance], on_progress: Callable[[float], object] = lambda _: None
) -> Trials:
    """The trials of all windows of all utterances; ``on_progress`` is called for each utterance.

    Raises ``VerificationSetError`` if too few utterances are long enough for a window.
    """
    names = sorted({utterance.speaker for utterance in utterances})
    vectors: list[NDArray[np.float32]] = []
    speakers: list[int] = []
    numbers: list[int] = []
    for number, utterance in enumerate(utterances):
        starts = window_starts(len(utterance.samples), embedder.window)
        if starts:
            vectors += embedder.embed(utterance.samples, starts)
            speakers += [names.index(utterance.speaker)] * len(starts)
            numbers += [number] * len(starts)
        on_progress(1)
    trials = None if not vectors else cosine_trials(np.stack(vectors), np.array(speakers), np.array(numbers))
    if trials is None or not len(trials.same) or not len(trials.different):
        seconds = embedder.window / SAMPLE_RATE
        raise VerificationSetError(
            f"too few utterances are {seconds:g} s long: voices need two each to be compared; try less --seconds"
        )
    return trials


def _heard(pipeline: Pipeline, samples: NDArray[np.float32], position: int) -> list[NDArray[np.float32]]:
    end = position + len(samples)
    events = [SpeechStarted(position), SpeechAudio(position, samples), SpeechEnded(end)]
    answers = [answer for event in events for answer in pipeline.feed(event)]
    return [answer.vector for answer in answers if isinstance(answer, VoiceEmbedding)]
