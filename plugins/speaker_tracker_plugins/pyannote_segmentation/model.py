"""The model segmentation-3.0, shared by all sessions, whichever backend runs its network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_plugins.pyannote_segmentation.powerset import WINDOW, of_frames

MOST_WINDOWS = 4
"""Windows in one call of the network; more take memory and save no time."""
SILENCE = (1.0, 0.0, 0.0, 0.0)
"""Probabilities where nothing can be heard."""

WindowNetwork: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From windows, ``(n, WINDOW)``, to probabilities of sets of speakers, ``(n, 589, 7)``; may be called from several threads."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A stretch of one session that is heard as a whole, and the frames that it is to decide.

    ``samples``: float32, shape ``(n,)``, n <= ``WINDOW``; the network hears them again behind it until a window is full.
    ``first``, ``last``: of the frames to decide, half open, counted from the window's start. ``audible``: whether there is anything
    to hear in them.
    """

    samples: NDArray[np.float32]
    first: int
    last: int
    audible: bool


class SegmentationModel:
    """Hears windows of many sessions in common network calls; may be called from several threads where the network may."""

    def __init__(self, network: WindowNetwork) -> None:
        self._network = network
        # The first call is slow.
        self.infer([[Window(np.zeros(WINDOW, np.float32), 0, 1, audible=True)]])

    def infer(self, queries: Sequence[Sequence[Window]]) -> list[NDArray[np.float32]]:
        """Probabilities of nobody, one, two or more, and of a change, ``(frames, 4)``, of all frames of each query's windows."""
        windows = [window for query in queries for window in query]
        decided = [np.tile(np.array(SILENCE, np.float32), (window.last - window.first, 1)) for window in windows]
        heard = [number for number, window in enumerate(windows) if window.audible and window.first < window.last]
        for start in range(0, len(heard), MOST_WINDOWS):
            together = heard[start : start + MOST_WINDOWS]
            said = of_frames(self._network(np.stack([_filled(windows[number].samples) for number in together])))
            for row, number in enumerate(together):
                decided[number] = said[row, windows[number].first : windows[number].last]
        ends = np.cumsum([len(query) for query in queries]).tolist()
        none = np.empty((0, 4), np.float32)
        return [np.concatenate([none, *decided[end - len(query) : end]]) for query, end in zip(queries, ends, strict=True)]


def _filled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    # With silence behind them, the first seconds of a session had twice the false alarm, and overlaps where there were none.
    return np.resize(samples, WINDOW)
