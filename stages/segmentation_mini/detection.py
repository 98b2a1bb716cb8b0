"""How well speech, overlaps and changes of speaker are found."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOLERANCE_S = 0.2
APART_S = 0.3
"""Two changes that are told lie at least this far apart."""


@dataclass
class Tally:
    """Sums over recordings, in seconds and in changes."""

    seconds: float = 0.0
    speech: float = 0.0
    missed: float = 0.0
    false_alarm: float = 0.0
    overlap: float = 0.0
    overlap_found: float = 0.0
    overlap_told: float = 0.0
    changes: int = 0
    changes_found: int = 0
    changes_false: int = 0

    def add(self, reference: NDArray[np.int64], found: NDArray[np.int64], frame_s: float) -> None:
        """Numbers of speakers in each frame, as they are and as they were found."""
        self.seconds += len(reference) * frame_s
        self.speech += float(np.sum(reference > 0)) * frame_s
        self.missed += float(np.sum((reference > 0) & (found == 0))) * frame_s
        self.false_alarm += float(np.sum((reference == 0) & (found > 0))) * frame_s
        self.overlap += float(np.sum(reference > 1)) * frame_s
        self.overlap_found += float(np.sum((reference > 1) & (found > 1))) * frame_s
        self.overlap_told += float(np.sum(found > 1)) * frame_s

    def add_changes(self, reference: NDArray[np.float64], found: NDArray[np.float64]) -> None:
        """Times of changes in seconds; each of either side counts once."""
        left = list(found)
        for time in reference:
            near = [other for other in left if abs(other - time) <= TOLERANCE_S]
            if near:
                left.remove(min(near, key=lambda other: abs(other - time)))
                self.changes_found += 1
        self.changes += len(reference)
        self.changes_false += len(left)

    def figures(self) -> dict[str, float]:
        """In percent of speech, of overlapped speech, of what was told to be, and of changes; false changes a minute."""
        return {
            "missed": _percent(self.missed, self.speech),
            "false_alarm": _percent(self.false_alarm, self.speech),
            "overlap_found": _percent(self.overlap_found, self.overlap),
            "overlap_false": _percent(self.overlap_told - self.overlap_found, self.overlap_told),
            "changes_found": _percent(self.changes_found, self.changes),
            "changes_false_a_minute": round(60 * self.changes_false / max(self.seconds, 1e-9), 2),
        }


def pick_changes(probability: NDArray[np.float32], threshold: float, frame_s: float) -> NDArray[np.float64]:
    """Times of the peaks from ``threshold`` on, in seconds, the higher of two near each other."""
    apart = round(APART_S / frame_s)
    picked: list[int] = []
    for place in np.argsort(-probability, kind="stable"):
        if probability[place] < threshold:
            break
        if all(abs(place - other) >= apart for other in picked):
            picked.append(int(place))
    return (np.sort(np.array(picked, np.float64)) + 0.5) * frame_s


def decide(shares: NDArray[np.float32], speech: float, overlap: float) -> NDArray[np.int64]:
    """How many speak: of probabilities of nobody, one, two, ``(frames, 3)``, and the thresholds of speech and overlap."""
    return np.asarray((shares[:, 0] <= 1 - speech).astype(np.int64) * (1 + (shares[:, 2] > overlap)))


def bridged(found: NDArray[np.int64], frames: int) -> NDArray[np.int64]:
    """Numbers of speakers with one in every pause of up to ``frames`` between speech; that takes as much latency."""
    speech = np.flatnonzero(found)
    result = found.copy()
    for before, after in itertools.pairwise(speech.tolist()):
        if 1 < after - before <= frames + 1:
            result[before + 1 : after] = 1
    return result


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
