"""Which speaker each newly found voice is: ids keep to their voices through every clustering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.evidence import NOBODY

YOUNG_SECONDS = 20.0
"""A voice with no more speech than this is young: its speakers may be taken for one under the lowest of their ids."""
SMALL_PART = 0.2


def match_speakers(
    voices: NDArray[np.intp],
    owners: NDArray[np.int64],
    seconds: NDArray[np.float64],
    first_heard: Sequence[int],
    num_speakers: int,
) -> list[int]:
    """The speaker of each voice, ``NOBODY`` for voices beyond ``num_speakers``.

    ``voices``: the voice of each item, shape ``(n,)``; ``owners``: the speaker it belonged to so far (``NOBODY`` if none), shape
    ``(n,)``; ``seconds``: how long it is, shape ``(n,)``; ``first_heard``: position of each voice's first item.

    - Of more voices than are tracked, those heard first are.
    - Speakers and voices go together one to one, so that as much time as can be keeps its speaker.
    - Where several speakers of a young voice turn out to be one, the lowest id stays, unless it brings only a small part: ids are
      given in order of first appearance.
    - A voice that no speaker goes with takes the lowest id that belongs to nobody; if there is none, that of the speaker with the
      least time who was left without a voice.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - heavy, only where the stage is used

    tracked = sorted(range(len(first_heard)), key=lambda voice: first_heard[voice])[:num_speakers]
    shared = np.zeros((len(first_heard), num_speakers))
    known = (owners != NOBODY) & np.isin(voices, tracked)
    np.add.at(shared, (voices[known], owners[known]), seconds[known])
    matched = [NOBODY] * len(first_heard)
    for row, speaker in zip(*linear_sum_assignment(shared[tracked], maximize=True), strict=True):
        if shared[tracked[row], speaker] > 0:
            matched[tracked[row]] = int(speaker)
    for voice in tracked:
        own = shared[voice]
        lower = np.flatnonzero(own[: max(0, matched[voice])] >= SMALL_PART * own.max()).tolist()
        left = [speaker for speaker in lower if speaker not in matched]
        if left and own.sum() <= YOUNG_SECONDS:
            matched[voice] = left[0]
    free = sorted(set(range(num_speakers)).difference(matched), key=lambda speaker: (shared[:, speaker].sum(), speaker))
    for voice in tracked:
        if matched[voice] == NOBODY:
            matched[voice] = free.pop(0)
    return matched
