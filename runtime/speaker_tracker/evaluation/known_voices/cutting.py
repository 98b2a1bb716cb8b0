"""Cuts conversations in two, and brings the second part the voiceprints of the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from speaker_tracker.audio.pcm_audio import PcmAudio
from speaker_tracker.engine.chain import Chain
from speaker_tracker.evaluation.known_voices.figures import CutFigures, cut_figures
from speaker_tracker.evaluation.known_voices.names_told import NamesTold
from speaker_tracker.evaluation.manifest import Conversation
from speaker_tracker.evaluation.processes import ChainOfProcess
from speaker_tracker.evaluation.runner import check_length, reference_of
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol import KnownVoice
from speaker_tracker.protocol.intervals import IntervalSet
from speaker_tracker.results.enrolment import NO_VOICES, EnrolmentError
from speaker_tracker.results.rttm import Turn
from speaker_tracker.results.tracking import VoiceRequest, track

CUT_FROM, CUT_TO = 0.3, 0.7
"""Where a conversation is cut at the earliest and at the latest, as shares of its duration."""


@dataclass(frozen=True, slots=True)
class CutResult:
    """One conversation, cut after ``seconds``."""

    uri: str
    group: str
    seconds: float
    figures: CutFigures


class CutEvaluator:
    """Tracks both parts of conversations.

    ``load_chain``: loads the chain, once in each process; picklable if several processes are used.
    """

    def __init__(self, load_chain: Callable[[], Chain], frame_ms: int) -> None:
        self._chain = ChainOfProcess(load_chain)
        self._frame_ms = frame_ms

    def __call__(self, conversation: Conversation) -> CutResult:
        """Tracks a conversation. Raises ``UserError``, or ``ChainError`` if the chain cannot be loaded."""
        reference, audio = reference_of(conversation), PcmAudio.read(conversation.audio)
        check_length(audio, conversation)
        at, chain = cut_point(conversation), self._chain.loaded()
        if chain.voice_model is None:
            raise EnrolmentError(NO_VOICES)
        asked = VoiceRequest(chain.voice_model, voiceprints=True)
        first = track(chain.open, audio.part(0.0, at), conversation.num_speakers, frame_ms=self._frame_ms, voices=asked)
        prints = {str(each.id): each.voiceprint for each in first.report.speakers if each.voiceprint is not None}
        person_of = {name: person for name, person in people_of(reference, first.recorder.final).items() if name in prints}
        told = NamesTold(part_of(reference, at, conversation.seconds), conversation.seconds - at, person_of)
        known = tuple(KnownVoice(name=name, voiceprint=voiceprint) for name, voiceprint in prints.items())
        track(
            chain.open,
            audio.part(at, conversation.seconds),
            conversation.num_speakers,
            frame_ms=self._frame_ms,
            on_message=told.add,
            voices=VoiceRequest(chain.voice_model, known),
        )
        return CutResult(conversation.uri, conversation.group, at, cut_figures(told, set(person_of.values())))

    def close(self) -> None:
        """Closes the chain of this process, if it has been loaded."""
        self._chain.close()


def cut_point(conversation: Conversation) -> float:
    """Where a conversation is cut (seconds): at random, the same each time."""
    return round(conversation.seconds * Random(conversation.uri).uniform(CUT_FROM, CUT_TO), 2)  # noqa: S311 - no secret


def part_of(reference: Sequence[Turn], start: float, end: float) -> list[Turn]:
    """The turns between two times, which then begin at 0."""
    within = [(turn, max(start, turn.start), min(end, turn.end)) for turn in reference]
    return [replace(turn, start=begin - start, end=stop - start) for turn, begin, stop in within if stop > begin]


def people_of(reference: Sequence[Turn], final: Sequence[TimelineSegment]) -> dict[str, str]:
    """Who speaks most of what a timeline gives to each speaker, by the speaker's id as a name; several ids can be one person."""
    people = sorted({turn.speaker for turn in reference})
    spoken = [
        IntervalSet((round(1000 * turn.start), round(1000 * turn.end)) for turn in reference if turn.speaker == person)
        for person in people
    ]
    found = {}
    for speaker in sorted({segment.speaker for segment in final if segment.speaker is not None}):
        own = [segment for segment in final if segment.speaker == speaker]
        shared = [
            sum(segment.end_ms - segment.start_ms - _missing_ms(segment, intervals) for segment in own) for intervals in spoken
        ]
        if any(shared):
            found[str(speaker)] = people[int(np.argmax(shared))]
    return found


def _missing_ms(segment: TimelineSegment, intervals: IntervalSet) -> int:
    return sum(end - start for start, end in intervals.missing_from(segment.start_ms, segment.end_ms))
