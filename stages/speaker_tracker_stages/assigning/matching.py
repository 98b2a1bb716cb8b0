"""Matching of newly found voices to the speakers known so far, so that ids keep to their voices through every clustering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker_stages.assigning.arrays import Labels
from speaker_tracker_stages.assigning.evidence import NOBODY, Item, Span

MIN_FIRST_SAMPLES = 2 * SAMPLE_RATE
"""Minimum speech before a voice counts as first heard; less may be a stray window of another voice."""
YOUNG_VOICE_SECONDS = 20.0
"""Maximum speech of a young voice, whose speakers may be merged under the lowest of their ids."""
MIN_LOWER_ID_SHARE = 0.2
"""Minimum speech of the speaker with the lower id in such a merge, as a share of that of the largest one."""


def first_heard(voices: Labels, items: Sequence[Item]) -> list[int]:
    """The position (samples) at which each voice had been heard for ``MIN_FIRST_SAMPLES``.

    ``voices``: the voice of each item, shape ``(n,)``, numbered from 0 without gaps. Voices that were heard for less come after
    all others, in order of their first stretch.
    """
    stretches: list[list[Span]] = [[] for _ in range(int(voices.max()) + 1)]
    for item, voice in zip(items, voices.tolist(), strict=True):
        stretches[voice] += item.stretches
    end = max(item.stretches[-1][1] for item in items)
    return [_first_heard(sorted(own), end) for own in stretches]


def _first_heard(stretches: Sequence[Span], never: int) -> int:
    heard = 0
    for start, end in stretches:
        heard += end - start
        if heard >= MIN_FIRST_SAMPLES:
            return start
    return never + stretches[0][0]


def match_speakers(
    voices: Labels,
    anchors: NDArray[np.int64],
    seconds: NDArray[np.float64],
    first_heard: Sequence[int],
    num_speakers: int,
) -> list[int]:
    """The speaker of each voice, ``NOBODY`` for voices beyond ``num_speakers``.

    ``voices``: the voice of each item, shape ``(n,)``. ``anchors``: the speaker it had so far (``NOBODY`` if none), shape ``(n,)``.
    ``seconds``: its length, shape ``(n,)``. ``first_heard``: the position at which each voice was first heard.

    - Where there are more voices than are tracked, those first heard are tracked.
    - Speakers and voices are matched one to one so that as much time as possible keeps its speaker (linear assignment; Kuhn,
      "The Hungarian method for the assignment problem", 1955).
    - Where several speakers turn out to be one young voice, the lowest id stays, unless it has only a small part of the time: ids
      are given in order of first appearance.
    - A voice that matches no speaker takes the lowest id that was never given; if there is none, that of the unmatched speaker
      with the least time.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - heavy, only where the stage is used

    tracked = sorted(range(len(first_heard)), key=lambda voice: first_heard[voice])[:num_speakers]
    shared = np.zeros((len(first_heard), num_speakers))
    known = (anchors != NOBODY) & np.isin(voices, tracked)
    np.add.at(shared, (voices[known], anchors[known]), seconds[known])
    matched = [NOBODY] * len(first_heard)
    for row, speaker in zip(*linear_sum_assignment(shared[tracked], maximize=True), strict=True):
        if shared[tracked[row], speaker] > 0:
            matched[tracked[row]] = int(speaker)
    for voice in tracked:
        own = shared[voice]
        lower = np.flatnonzero(own[: max(0, matched[voice])] >= MIN_LOWER_ID_SHARE * own.max()).tolist()
        left = [speaker for speaker in lower if speaker not in matched]
        if left and own.sum() <= YOUNG_VOICE_SECONDS:
            matched[voice] = left[0]
    free = sorted(set(range(num_speakers)).difference(matched), key=lambda speaker: (shared[:, speaker].sum(), speaker))
    for voice in tracked:
        if matched[voice] == NOBODY:
            matched[voice] = free.pop(0)
    return matched
