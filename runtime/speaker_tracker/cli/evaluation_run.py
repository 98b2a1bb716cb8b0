"""Runs the measures of ``speaker-tracker evaluate`` over conversations, in several processes and with progress on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import click

from speaker_tracker.cli.progress import progress_bar
from speaker_tracker.engine.chain import Chain
from speaker_tracker.evaluation.calibration import Utterances
from speaker_tracker.evaluation.known_voices.comparison import KnownVoicesEvaluator, KnownVoicesResult
from speaker_tracker.evaluation.known_voices.cutting import CutEvaluator, CutResult
from speaker_tracker.evaluation.known_voices.enrolling import Enroller
from speaker_tracker.evaluation.known_voices.people import known_here, read_people
from speaker_tracker.evaluation.manifest import Conversation
from speaker_tracker.evaluation.processes import Worker, in_processes
from speaker_tracker.evaluation.runner import reference_of
from speaker_tracker.protocol import Voiceprint


class _OfConversation(Protocol):
    @property
    def uri(self) -> str: ...


Result = TypeVar("Result", bound=_OfConversation)


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """What is measured, and how.

    ``load_chain``: loads the chain; picklable. ``frame_ms``: length of the frames that are sent. ``jobs``: number of processes.
    """

    conversations: Sequence[Conversation]
    load_chain: Callable[[], Chain]
    frame_ms: int
    jobs: int

    def results(self, evaluator: Worker[Conversation, Result]) -> list[Result]:
        """The result of each conversation, in their order. Raises as ``evaluator`` does."""
        seconds = {conversation.uri: conversation.seconds for conversation in self.conversations}
        found: dict[str, Result] = {}
        with (
            progress_bar(f"{len(seconds)} conversations", sum(seconds.values())) as advance,
            closing(in_processes(evaluator, self.conversations, self.jobs, lambda each: each.seconds)) as finished,
        ):
            for result in finished:
                found[result.uri] = result
                advance(seconds[result.uri])
        return [found[uri] for uri in seconds]

    def known_voices(self, folder: Path, count: int, seconds: float) -> list[KnownVoicesResult]:
        """Results with ``count`` persons known whose recordings lie in ``folder``, by prints of ``seconds`` of each recording.

        Notes on standard error say which recordings are not fit, and whether nobody who talks is known. Raises ``UserError``.
        """
        people = read_people(folder)
        talking = {each.uri: {turn.speaker for turn in reference_of(each)} for each in self.conversations}
        known = {uri: known_here(uri, talkers, people, count) for uri, talkers in talking.items()}
        needed = sorted(set().union(*({*here.talking, *here.others} for here in known.values())))
        prints = self._enrolled([recording for name in needed for recording in people[name]], seconds)
        known = {uri: here.only(prints) for uri, here in known.items()}
        if not any(here.talking for here in known.values()):
            _tell_that_nobody_is_known(folder, set().union(*talking.values()), people)
        return self.results(KnownVoicesEvaluator(self.load_chain, self.frame_ms, prints, known))

    def cuts(self) -> list[CutResult]:
        """Results of conversations that are cut in two."""
        return self.results(CutEvaluator(self.load_chain, self.frame_ms))

    def _enrolled(self, recordings: Sequence[Utterances], seconds: float) -> dict[str, list[Voiceprint]]:
        """The voiceprints of each person of whom there is one."""
        prints: dict[str, list[Voiceprint]] = {}
        enroller = Enroller(self.load_chain, seconds)
        with (
            progress_bar(f"{len(recordings)} recordings", len(recordings)) as advance,
            closing(in_processes(enroller, recordings, self.jobs, lambda each: len(each.files))) as finished,
        ):
            for enrolled in finished:
                if enrolled.voiceprint is not None:
                    prints.setdefault(enrolled.name, []).append(enrolled.voiceprint)
                else:
                    click.echo(f"Note: no voiceprint of {enrolled.name}: {enrolled.refused}", err=True)
                advance(1)
        return prints


def _tell_that_nobody_is_known(folder: Path, talking: Collection[str], people: Collection[str]) -> None:
    click.echo(
        f"Note: nobody who talks is known: the references name {_some(talking)}, and the folders in {folder} {_some(people)}",
        err=True,
    )


def _some(names: Collection[str], most: int = 5) -> str:
    first = sorted(names)[:most]
    return ", ".join(first) + (f" and {len(names) - most} more" if len(names) > most else "")
