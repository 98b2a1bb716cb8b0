"""Speaker id switches in a session: ids that pass from one voice to another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.protocol import MAX_SPEAKERS, ServerMessage, TimelineMessage
from speaker_tracker.results.rttm import Turn

GRID_MS = 10
COUNTS_SECONDS = 3.0
"""Minimum reference speech under an id before it belongs to a voice."""


class IdSwitches:
    """Counter of id switches, fed with the messages of one session that requested the timeline.

    An id belongs to the voice with more than half of the reference speech labelled with it so far, corrections included, once that
    is ``COUNTS_SECONDS`` or more. ``count``: number of times that an id passed from one voice to another.
    """

    def __init__(self, reference: Sequence[Turn], seconds: float) -> None:
        names = sorted({turn.speaker for turn in reference})
        instants = int(seconds * 1000 / GRID_MS)
        self._spoken: NDArray[np.bool_] = np.zeros((len(names), instants), dtype=bool)
        for turn in reference:
            self._spoken[names.index(turn.speaker), _instant(turn.start * 1000) : _instant(turn.end * 1000)] = True
        self._labels = np.full(instants, -1)
        self._shared = np.zeros((MAX_SPEAKERS, len(names)), dtype=int)
        self._holders: dict[int, int] = {}
        self.count = 0

    def add(self, message: ServerMessage) -> None:
        """Adds a message."""
        if not isinstance(message, TimelineMessage) or not len(self._spoken):
            return
        for segment in message.segments:
            here = slice(_instant(segment.startMs), _instant(segment.endMs))
            for speaker in np.unique(self._labels[here]).tolist():
                self._shared[speaker] -= self._reference_instants(here, speaker) if speaker >= 0 else 0
            self._labels[here] = -1 if segment.speakerId is None else segment.speakerId
            if segment.speakerId is not None:
                self._shared[segment.speakerId] += self._reference_instants(here, segment.speakerId)
        for speaker, shared in enumerate(self._shared):
            most = int(shared.argmax())
            if shared.sum() * GRID_MS < COUNTS_SECONDS * 1000 or 2 * shared[most] <= shared.sum():
                continue
            self.count += self._holders.get(speaker, most) != most
            self._holders[speaker] = most

    def _reference_instants(self, here: slice, speaker: int) -> NDArray[np.int_]:
        shared: NDArray[np.int_] = self._spoken[:, here][:, self._labels[here] == speaker].sum(axis=1)
        return shared


def _instant(milliseconds: float) -> int:
    return round(milliseconds / GRID_MS)
