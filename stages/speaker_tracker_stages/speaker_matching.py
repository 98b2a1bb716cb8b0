"""Which speaker each newly found voice is: ids keep to their voices through every clustering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from speaker_tracker_stages.evidence import NOBODY

YOUNG_SECONDS = 20.0
SMALL_PART = 0.2


def match_speakers(
    voices: NDArray[np.intp],
    speakers: NDArray[np.int64],
    seconds: NDArray[np.float64],
    first_heard: Sequence[int],
    num_speakers: int,
) -> list[int]:
    """The speaker of each voice, ``NOBODY`` for voices beyond ``num_speakers``.

    ``voices``: the voice of each item, shape ``(n,)``; ``speakers``: its speaker so far (``NOBODY`` if none), shape ``(n,)``;
    ``seconds``: how long it is, shape ``(n,)``; ``first_heard``: position of each voice's first item.

    Voices and speakers are matched one to one so that as much time as possible keeps its speaker (Kuhn, 1955); voices left over
    take the ids that nobody has, in the order in which they were first heard. Where a young speaker turns out to be two voices,
    the one that was heard first keeps the id, unless it is only a small part.
    """
    shared = np.zeros((len(first_heard), num_speakers))
    known = speakers != NOBODY
    np.add.at(shared, (voices[known], speakers[known]), seconds[known])
    matched = [NOBODY] * len(first_heard)
    for voice, speaker in np.stack(linear_sum_assignment(-shared), axis=1).tolist():
        if shared[voice, speaker] > 0:
            matched[voice] = speaker
    _first_heard_stays(matched, shared, first_heard)
    free = [speaker for speaker in range(num_speakers) if speaker not in matched]
    for voice in sorted(range(len(matched)), key=lambda voice: first_heard[voice]):
        if matched[voice] == NOBODY and free:
            matched[voice] = free.pop(0)
    return matched


def _first_heard_stays(matched: list[int], shared: NDArray[np.float64], first_heard: Sequence[int]) -> None:
    for voice, speaker in enumerate(matched):
        if speaker == NOBODY or shared[:, speaker].sum() > YOUNG_SECONDS:
            continue
        parts = shared[:, speaker] / shared[:, speaker].sum()
        earlier = [
            other
            for other, whose in enumerate(matched)
            if whose == NOBODY and parts[other] >= SMALL_PART and first_heard[other] < first_heard[voice]
        ]
        if earlier:
            first = min(earlier, key=lambda other: first_heard[other])
            matched[first], matched[voice] = speaker, NOBODY
