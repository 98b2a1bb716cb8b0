"""Runs conversations through the pipeline, in several processes, and scores them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, replace
from multiprocessing import active_children, get_context
from multiprocessing.util import Finalize

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.engine.chain import Chain
from speaker_tracker.errors import UserError
from speaker_tracker.evaluation.bounds import hindsight_timeline, oracle_timeline
from speaker_tracker.evaluation.changes import compare_changes, near_confusion
from speaker_tracker.evaluation.detection import detection
from speaker_tracker.evaluation.id_switches import IdSwitches
from speaker_tracker.evaluation.manifest import Conversation, ManifestError
from speaker_tracker.evaluation.reliability import reliability
from speaker_tracker.evaluation.results import ConversationResult
from speaker_tracker.evaluation.scoring import names_of, score
from speaker_tracker.events import Event, OverlappedSpeech, SpeakerChange, SpeechPause, VoiceEmbedding
from speaker_tracker.results.rttm import Turn, read_rttm
from speaker_tracker.results.segmentation import HeardEvent
from speaker_tracker.results.tracking import Tracking, track

LENGTH_TOLERANCE = 0.5
"""Tolerated shortfall in seconds of an audio file against its manifest."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One conversation: its tracking result, reference, embeddings, what a segmentation heard, and id switches."""

    tracking: Tracking
    reference: list[Turn]
    embeddings: list[VoiceEmbedding]
    heard: list[HeardEvent]
    id_switches: int


class Evaluator:
    """Tracks and scores conversations one at a time; the chain is loaded at the first and closed by ``close``.

    ``load_chain``: loads the chain, once in each process; picklable if several processes are used. ``bounds``: whether to score the
    bounds that the embeddings allow, too. ``confidence``: whether to measure the calibration of confidence.
    """

    def __init__(self, load_chain: Callable[[], Chain], frame_ms: int, *, bounds: bool = False, confidence: bool = False) -> None:
        self._load_chain = load_chain
        self._frame_ms = frame_ms
        self._bounds = bounds
        self._confidence = confidence
        self._chain: Chain | None = None

    def __call__(self, conversation: Conversation) -> ConversationResult:
        """Tracks and scores a conversation. Raises ``UserError``, or ``ChainError`` if the chain cannot be loaded."""
        observed = self.observe(conversation)
        tracking, reference = observed.tracking, observed.reference
        online, final, seconds = tracking.recorder.online, tracking.recorder.final, conversation.seconds
        result = ConversationResult(
            uri=conversation.uri,
            group=conversation.group,
            num_speakers=conversation.num_speakers,
            speakers=len(tracking.report.speakers),
            seconds=tracking.seconds,
            processing_seconds=tracking.processing_seconds,
            online=score(reference, online, seconds),
            final=score(reference, final, seconds),
            latency=tracking.recorder.latency,
            id_switches=observed.id_switches,
            online_detection=detection(reference, online, seconds),
            final_detection=detection(reference, final, seconds),
            changes=compare_changes(reference, final, seconds),
            online_near=near_confusion(reference, online, seconds),
            final_near=near_confusion(reference, final, seconds),
        )
        if self._confidence:
            result = replace(result, reliability=reliability(reference, final, names_of(reference, final)))
        if not self._bounds:
            return result
        oracle = oracle_timeline(observed.embeddings, reference)
        hindsight = hindsight_timeline(observed.embeddings, conversation.num_speakers)
        return replace(
            result,
            oracle=score(reference, oracle, seconds),
            hindsight=score(reference, hindsight, seconds),
        )

    def observe(self, conversation: Conversation) -> Observed:
        """Tracks one conversation and keeps the embeddings and what was heard as well. Raises as ``__call__`` does."""
        audio = AudioFile(conversation.audio)
        _check_length(audio, conversation)
        reference = _reference(conversation)
        if self._chain is None:
            self._chain = self._load_chain()
        chain, embeddings, heard = self._chain, list[VoiceEmbedding](), list[HeardEvent]()
        switches = IdSwitches(reference, conversation.seconds)

        def keep(event: Event) -> None:
            if isinstance(event, VoiceEmbedding):
                embeddings.append(event)
            elif isinstance(event, SpeechPause | OverlappedSpeech | SpeakerChange):
                heard.append(event)

        tracking = track(
            lambda session: chain.open(session).observed(keep),
            audio,
            conversation.num_speakers,
            frame_ms=self._frame_ms,
            on_message=switches.add,
            confidence=self._confidence,
        )
        audio.check_whole()
        _check_length(audio, conversation)
        return Observed(tracking, reference, embeddings, heard, switches.count)

    def close(self) -> None:
        """Closes the chain of this process, if it has been loaded."""
        chain, self._chain = self._chain, None
        if chain is not None:
            chain.close()


def _check_length(audio: AudioFile, conversation: Conversation) -> None:
    """What its header says, before it is read, and what there was, afterwards."""
    if audio.seconds < conversation.seconds - LENGTH_TOLERANCE:
        raise ManifestError(f"{conversation.uri}: the manifest says {conversation.seconds} s, {audio.path} has {audio.seconds} s")


def evaluate(evaluator: Evaluator, conversations: Sequence[Conversation], jobs: int) -> Generator[ConversationResult]:
    """Yields results as they finish, in any order. ``jobs``: number of processes; 1 uses this one.

    Every process closes its chain at its end, also after a failure or an interruption.
    """
    if jobs == 1 or len(conversations) == 1:
        with closing(evaluator):
            yield from map(evaluator, conversations)
        return
    longest_first = sorted(conversations, key=lambda conversation: -conversation.seconds)
    # Not forked: a fork of a process with threads, which model libraries start, may hang.
    pool = ProcessPoolExecutor(
        min(jobs, len(conversations)), mp_context=get_context("spawn"), initializer=_begin_worker, initargs=(evaluator,)
    )
    others = active_children()
    futures = [pool.submit(_evaluate_here, conversation) for conversation in longest_first]
    try:
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        raise UserError("a process of the evaluation died, perhaps out of memory; try fewer with --jobs") from error
    except BaseException:
        for worker in active_children():  # cancels the conversations still being processed
            if worker not in others:
                worker.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


class _Worker:
    """State of a worker process, kept between conversations."""

    evaluator: Evaluator


def _begin_worker(evaluator: Evaluator) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the parent alone answers it
    signal.signal(signal.SIGTERM, _end)
    Finalize(evaluator, evaluator.close, exitpriority=0)  # the counterpart of atexit in a multiprocessing child
    _Worker.evaluator = evaluator


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _evaluate_here(conversation: Conversation) -> ConversationResult:
    try:
        return _Worker.evaluator(conversation)
    except SystemExit:
        # The pool would take this for a failure of the conversation and go on with the next.
        _Worker.evaluator.close()
        os._exit(1)


def _reference(conversation: Conversation) -> list[Turn]:
    turns = read_rttm(conversation.rttm)
    own = [turn for turn in turns if turn.uri == conversation.uri]
    if turns and not own:
        raise ManifestError(
            f"{conversation.uri}: {conversation.rttm} has no turns of it, only of {', '.join(sorted({turn.uri for turn in turns}))}"
        )
    return own
