"""Which speaker each newly found voice is: ids keep to their voices through every clustering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.evidence import NOBODY

YOUNG_SECONDS = 20.0
"""Up to so much speech of a speaker, who came first counts for more than who spoke longest."""
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
    - A speaker goes with the voice that has most of its time; a young one with the voice heard first, unless that is a small part.
    - Where several speakers go with one voice, the lowest id stays, unless it brings only a small part.
    - A voice that no speaker goes with takes the lowest id that belongs to nobody; if there is none, that of the speaker with the
      least time who was left without a voice.
    """
    shared = np.zeros((len(first_heard), num_speakers))
    tracked = sorted(range(len(first_heard)), key=lambda voice: first_heard[voice])[:num_speakers]
    known = (owners != NOBODY) & np.isin(voices, tracked)
    np.add.at(shared, (voices[known], owners[known]), seconds[known])
    claims: dict[int, list[int]] = {}
    for speaker in np.flatnonzero(shared.any(axis=0)).tolist():
        claims.setdefault(_voice_of(shared[:, speaker], first_heard), []).append(speaker)
    matched = [NOBODY] * len(first_heard)
    for voice, speakers in claims.items():
        most = shared[voice, speakers].max()
        matched[voice] = next(speaker for speaker in speakers if shared[voice, speaker] >= SMALL_PART * most)
    free = sorted(set(range(num_speakers)).difference(matched), key=lambda speaker: (shared[:, speaker].sum(), speaker))
    for voice in tracked:
        if matched[voice] == NOBODY:
            matched[voice] = free.pop(0)
    return matched


def _voice_of(seconds: NDArray[np.float64], first_heard: Sequence[int]) -> int:
    if seconds.sum() > YOUNG_SECONDS:
        return int(seconds.argmax())
    parts = np.flatnonzero(seconds >= SMALL_PART * seconds.sum()).tolist()
    return min(parts, key=lambda voice: first_heard[voice])
