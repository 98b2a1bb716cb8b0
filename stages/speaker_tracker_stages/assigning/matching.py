"""Matching of newly found voices to the speakers known so far, so that ids keep to their voices through every clustering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker_stages.assigning.arrays import Labels
from speaker_tracker_stages.assigning.evidence import NOBODY, Item

FIRST_WORDS_SAMPLES = SAMPLE_RATE // 2
"""Minimum speech of a voice within ``FIRST_WORDS_SPAN`` for its first words; less may be stray windows of another voice."""
FIRST_WORDS_SPAN = 3 * SAMPLE_RATE
MIN_SAMPLES = 2 * SAMPLE_RATE
"""Minimum speech of a voice, within ``MIN_SAMPLES_SPAN`` of its first words, for these to count."""
MIN_SAMPLES_SPAN = 180 * SAMPLE_RATE
SETTLED_SAMPLES = 4 * SAMPLE_RATE
"""Minimum speech of a voice that counts as a person's even if it never comes back: a whisper or a laugh takes no id for good."""
RETURN_GAP = 5 * SAMPLE_RATE
"""Minimum time without a voice before it counts as come back."""
EARLIEST_STRETCHES = 16
"""Number of an item's stretches that say when its voice was first heard; what it said later makes no difference."""
YOUNG_VOICE_SECONDS = 20.0
"""Maximum speech of a young voice, whose speakers may be merged under the lowest of their ids."""
MIN_LOWER_ID_SHARE = 0.2
"""Minimum speech of the speaker with the lower id in such a merge, as a share of that of the largest one."""


@dataclass(frozen=True, slots=True, eq=False)
class SpokenOrder:
    """The earliest stretches of speech of all items in order of time, to say which voices were heard first.

    ``items``: the index of the item that each stretch is of, shape ``(n,)``. ``spans``: their starts and ends (samples), shape
    ``(n, 2)``.
    """

    items: NDArray[np.intp]
    spans: NDArray[np.int64]

    @classmethod
    def of(cls, items: Sequence[Item]) -> SpokenOrder:
        """The first ``EARLIEST_STRETCHES`` stretches of each of ``items``, one at least."""
        earliest = [item.stretches[:EARLIEST_STRETCHES] for item in items]
        spans = np.array([span for stretches in earliest for span in stretches], dtype=np.int64).reshape(-1, 2)
        indices = np.repeat(np.arange(len(items)), [len(stretches) for stretches in earliest])
        order = np.lexsort((spans[:, 1], spans[:, 0]))
        return cls(indices[order], spans[order])

    def first_heard(self, voices: Labels) -> list[int]:
        """Positions (samples) by which voices are ranked: the lowest are tracked, and ids given in their order.

        ``voices``: the voice of each item, numbered from 0 without gaps; what follows the last item is left out. The position is
        that of a voice's first words. Voices that said little and never came back follow all others in the same order, and then
        those that were hardly heard, so that a voice which does come back takes the place of one that does not.
        """
        spoken_by, end = voices[self.items], int(self.spans[:, 1].max())
        return [self._rank(self.spans[spoken_by == voice], end) for voice in range(int(voices.max()) + 1)]

    @staticmethod
    def _rank(stretches: NDArray[np.int64], end: int) -> int:
        if not len(stretches):
            return 3 * end
        starts, lengths = stretches[:, 0], stretches[:, 1] - stretches[:, 0]
        heard = np.r_[0, np.cumsum(lengths)]

        def within(span: int) -> NDArray[np.int64]:
            """Speech from each stretch on, within ``span``."""
            return np.asarray(heard[np.searchsorted(starts, starts + span)] - heard[:-1])

        first = np.flatnonzero((within(FIRST_WORDS_SPAN) >= FIRST_WORDS_SAMPLES) & (within(MIN_SAMPLES_SPAN) >= MIN_SAMPLES))
        if not len(first):
            return int(2 * end + starts[0])
        gaps = np.flatnonzero(starts[1:] - stretches[:-1, 1] >= RETURN_GAP) + 1
        parts = np.diff(heard[np.r_[0, gaps, len(starts)]])
        settled = heard[-1] >= SETTLED_SAMPLES or (parts >= FIRST_WORDS_SAMPLES).sum() > 1
        return int(starts[first[0]] + (0 if settled else end))


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

    - Where there are more voices than are tracked, those with the lowest ``first_heard`` are tracked.
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
