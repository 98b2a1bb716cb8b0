"""Changes of speaker: how many of them a timeline has, and how much of its confusion lies near them.

There is a change where somebody begins to speak who is not the one who spoke last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from speaker_tracker.evaluation.annotations import intervals, recording
from speaker_tracker.evaluation.scoring import optimal_mapping
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.results.rttm import Turn

TOLERANCE_MS = 200
"""Distance up to which a change of the timeline is one of the reference."""
NEAR_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Changes:
    """Numbers of changes in ``seconds`` of audio: in the reference, of these found, and false ones. Additive over files."""

    seconds: float = 0.0
    total: int = 0
    found: int = 0
    false: int = 0

    def __add__(self, other: Changes) -> Changes:
        return Changes(self.seconds + other.seconds, self.total + other.total, self.found + other.found, self.false + other.false)

    @property
    def found_share(self) -> float | None:
        """``found`` as a fraction; None if the reference has no change."""
        return self.found / self.total if self.total else None

    @property
    def false_per_minute(self) -> float | None:
        """None without any audio."""
        return 60 * self.false / self.seconds if self.seconds > 0 else None


@dataclass(frozen=True, slots=True)
class NearConfusion:
    """Confusion in seconds of speaker time near changes in the reference. Additive over files.

    ``around``: up to ``NEAR_SECONDS`` before or after a change. ``after``: of that, after one.
    """

    around: float = 0.0
    after: float = 0.0

    def __add__(self, other: NearConfusion) -> NearConfusion:
        return NearConfusion(self.around + other.around, self.after + other.after)


def compare_changes(reference: Iterable[Turn], hypothesis: Sequence[TimelineSegment], seconds: float) -> Changes:
    """The changes in ``[0, seconds)`` of one recording; each of either side counts once. Raises ``MissingExtraError``."""
    compared = recording(reference, hypothesis, seconds)
    there, told = _changes(compared.truth), _changes(compared.guess)
    found = _pairs(there, told)
    return Changes(seconds, len(there), found, len(told) - found)


def change_times(reference: Iterable[Turn], seconds: float) -> list[float]:
    """Changes in seconds, within ``[0, seconds)``, in order. Raises ``MissingExtraError``."""
    return [change / 1000 for change in _changes(recording(reference, (), seconds).truth)]


def near_confusion(reference: Sequence[Turn], hypothesis: Sequence[TimelineSegment], seconds: float) -> NearConfusion:
    """Confusion near changes in ``[0, seconds)`` of one recording, with the mapping of speakers that is best for all of it.

    Raises ``MissingExtraError``.
    """
    compared = recording(reference, hypothesis, seconds)
    from pyannote.metrics.errors.identification import IdentificationErrorAnalysis  # noqa: PLC0415 - an optional extra

    named = compared.guess.rename_labels(mapping=optimal_mapping(compared))
    errors = IdentificationErrorAnalysis(collar=0.0).difference(compared.truth, named, uem=compared.scored)
    confused = errors.subset([label for label in errors.labels() if label[0] == "confusion"])
    changes = change_times(reference, seconds)

    def confusion(before: float) -> float:
        near = intervals((max(0.0, change - before), change + NEAR_SECONDS) for change in changes)
        return math.fsum(part.duration for part, _ in confused.crop(near).itertracks())

    return NearConfusion(confusion(NEAR_SECONDS), confusion(0.0))


def _changes(annotation: Any) -> list[int]:
    """Milliseconds, in order. Those who begin at the same time make one change at most."""
    turns = sorted((_ms(part.start), _ms(part.end), who) for part, _, who in annotation.support().itertracks(yield_label=True))
    last: dict[Any, int] = {}
    changes = []
    for start, beginning in groupby(turns, key=itemgetter(0)):
        own = list(beginning)
        if any(_spoke_since(last, who, start) for _, _, who in own):
            changes.append(start)
        last |= {who: end for _, end, who in own}
    return changes


def _spoke_since(last: dict[Any, int], who: Any, now: int) -> bool:
    """Whether anybody else spoke, up to ``now``, after ``who`` did. ``last``: where the latest turn of each ends."""
    others = [min(end, now) for other, end in last.items() if other != who]
    return bool(others) and (who not in last or max(others) > last[who])


def _pairs(there: Sequence[int], told: Sequence[int]) -> int:
    """The most pairs of times that are near each other, each time in one pair at most; both in order."""
    first = second = pairs = 0
    while first < len(there) and second < len(told):
        if abs(there[first] - told[second]) <= TOLERANCE_MS:
            pairs, first, second = pairs + 1, first + 1, second + 1
        elif there[first] < told[second]:
            first += 1
        else:
            second += 1
    return pairs


def _ms(seconds: float) -> int:
    return round(1000 * seconds)
