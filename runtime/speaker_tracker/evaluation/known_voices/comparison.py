"""Tracks conversations with nobody known, with those known who talk, and with others known alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from speaker_tracker.audio.pcm_audio import PcmAudio
from speaker_tracker.engine.chain import Chain
from speaker_tracker.evaluation.known_voices.figures import (
    MIN_SPEECH,
    Errors,
    KnownVoicesFigures,
    Strangers,
    named_people,
    strangers,
)
from speaker_tracker.evaluation.known_voices.names_told import NamesTold
from speaker_tracker.evaluation.known_voices.people import KnownHere, voices_of
from speaker_tracker.evaluation.manifest import Conversation
from speaker_tracker.evaluation.processes import ChainOfProcess
from speaker_tracker.evaluation.runner import check_length, reference_of
from speaker_tracker.evaluation.scoring import score
from speaker_tracker.protocol import KnownVoice, Voiceprint
from speaker_tracker.results.rttm import Turn
from speaker_tracker.results.tracking import VoiceRequest, track


@dataclass(frozen=True, slots=True)
class PersonResult:
    """A known person of one conversation, who speaks ``seconds``, and ``told_after`` so many was called by name, None if never."""

    name: str
    seconds: float
    told_after: float | None


@dataclass(frozen=True, slots=True)
class KnownVoicesResult:
    """One conversation. ``people``: the known ones who talk."""

    uri: str
    group: str
    people: tuple[PersonResult, ...]
    figures: KnownVoicesFigures


class KnownVoicesEvaluator:
    """Tracks and scores conversations, each three times.

    ``load_chain``: loads the chain, once in each process; picklable if several processes are used. ``prints``: voiceprints of each
    person. ``known``: whom each conversation's sessions know, by uri; all of them have prints.
    """

    def __init__(
        self,
        load_chain: Callable[[], Chain],
        frame_ms: int,
        prints: Mapping[str, Sequence[Voiceprint]],
        known: Mapping[str, KnownHere],
    ) -> None:
        self._chain = ChainOfProcess(load_chain)
        self._frame_ms = frame_ms
        self._prints = prints
        self._known = known

    def __call__(self, conversation: Conversation) -> KnownVoicesResult:
        """Tracks and scores a conversation. Raises ``UserError``, or ``ChainError`` if the chain cannot be loaded."""
        reference, audio = reference_of(conversation), PcmAudio.read(conversation.audio)
        check_length(audio, conversation)
        return self._result(conversation, reference, audio, self._known[conversation.uri])

    def close(self) -> None:
        """Closes the chain of this process, if it has been loaded."""
        self._chain.close()

    def _result(self, conversation: Conversation, reference: list[Turn], audio: PcmAudio, known: KnownHere) -> KnownVoicesResult:
        def run(names: Sequence[str]) -> tuple[Errors, NamesTold]:
            return self._tracked(conversation, reference, audio, voices_of(names, self._prints))

        without, _ = nobody = run(())
        others = run(known.strangers) if known.strangers else None
        # Where none of those who talk is known, the others are whom a session would know.
        errors, told = run(known.talkers) if known.talkers else others or nobody
        talking = [person for person in told.people if person in known.talkers]
        figures = KnownVoicesFigures(
            files=1,
            without=without,
            known=errors,
            people=named_people(told, talking),
            strangers=Strangers() if others is None else strangers(others[1]),
        )
        people = [
            PersonResult(person, told.speech(person), told.told_after(person))
            for person in talking
            if told.speech(person) >= MIN_SPEECH
        ]
        return KnownVoicesResult(conversation.uri, conversation.group, tuple(people), figures)

    def _tracked(
        self, conversation: Conversation, reference: list[Turn], audio: PcmAudio, voices: tuple[KnownVoice, ...]
    ) -> tuple[Errors, NamesTold]:
        chain, told = self._chain.loaded(), NamesTold(reference, conversation.seconds)
        asked = VoiceRequest(chain.voice_model, voices)
        tracking = track(chain.open, audio, conversation.num_speakers, frame_ms=self._frame_ms, on_message=told.add, voices=asked)
        online, final = tracking.recorder.online, tracking.recorder.final
        seconds = conversation.seconds
        return Errors(score(reference, online, seconds), score(reference, final, seconds)), told
