"""Runs conversations through the pipeline and scores them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.engine.chain import Chain
from speaker_tracker.evaluation.bounds import hindsight_timeline, oracle_timeline
from speaker_tracker.evaluation.changes import compare_changes, near_confusion
from speaker_tracker.evaluation.detection import detection
from speaker_tracker.evaluation.id_switches import IdSwitches
from speaker_tracker.evaluation.manifest import Conversation, ManifestError
from speaker_tracker.evaluation.processes import ChainOfProcess
from speaker_tracker.evaluation.reliability import reliability
from speaker_tracker.evaluation.results import ConversationResult
from speaker_tracker.evaluation.scoring import names_of, score
from speaker_tracker.events import Event, OverlappedSpeech, SpeakerChange, SpeechPause, VoiceEmbedding
from speaker_tracker.results.rttm import Turn, read_rttm
from speaker_tracker.results.segmentation import HeardEvent
from speaker_tracker.results.tracking import TrackedAudio, Tracking, track

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
        self._chain = ChainOfProcess(load_chain)
        self._frame_ms = frame_ms
        self._bounds = bounds
        self._confidence = confidence

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
        check_length(audio, conversation)
        reference = reference_of(conversation)
        chain, embeddings, heard = self._chain.loaded(), list[VoiceEmbedding](), list[HeardEvent]()
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
        check_length(audio, conversation)
        return Observed(tracking, reference, embeddings, heard, switches.count)

    def close(self) -> None:
        """Closes the chain of this process, if it has been loaded."""
        self._chain.close()


def check_length(audio: TrackedAudio, conversation: Conversation) -> None:
    """Checks what its header says, before it is read, and what there was, afterwards. Raises ``ManifestError``."""
    if audio.seconds < conversation.seconds - LENGTH_TOLERANCE:
        raise ManifestError(f"{conversation.uri}: the manifest says {conversation.seconds} s, {audio.path} has {audio.seconds} s")


def reference_of(conversation: Conversation) -> list[Turn]:
    """The turns of a conversation. Raises ``ManifestError`` if its file has only those of others, and as ``read_rttm`` does."""
    turns = read_rttm(conversation.rttm)
    own = [turn for turn in turns if turn.uri == conversation.uri]
    if turns and not own:
        raise ManifestError(
            f"{conversation.uri}: {conversation.rttm} has no turns of it, only of {', '.join(sorted({turn.uri for turn in turns}))}"
        )
    return own
