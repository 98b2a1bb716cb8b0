"""Input of clustering: evidence as observations, with the shares of stretches that windows hear of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker_stages.assigning.arrays import Floats, Labels, Vectors
from speaker_tracker_stages.assigning.evidence import Evidence, Item, Span
from speaker_tracker_stages.assigning.matching import SpokenOrder
from speaker_tracker_stages.kmeans_assigner.likelihood import VoiceStatistics
from speaker_tracker_stages.kmeans_assigner.window_overlap import WindowOverlap


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Groups, then windows in order, then stretches that have no window yet; ``n`` in all.

    ``vectors``: mean embeddings, shape ``(n, d)``. ``evidence`` (observations) and ``seconds`` of speech of each, shape ``(n,)``.
    ``groups``: how many groups there are, which are in no order. ``overlap``: of all others. ``lookahead``: how many stretches have
    no window yet; they have neither vector nor evidence, but windows before have heard them. ``order``: of all others. ``changes``:
    probabilities that the speaker changes where a stretch begins, NaN if unknown, of all but groups.
    """

    vectors: Vectors
    evidence: Floats
    seconds: Floats
    groups: int
    overlap: WindowOverlap
    order: SpokenOrder
    changes: Floats
    lookahead: int = 0

    def shares(self, labels: Labels) -> Floats:
        """Shares of each voice in each item, shape ``(n, k)``, where ``labels`` are the voices of the stretches."""
        own = np.eye(int(labels.max(initial=0)) + 1)[labels]
        own[self.groups :] = self.overlap.shares @ own[self.groups :]
        return own

    def statistics(self, labels: Labels) -> VoiceStatistics:
        """Statistics of the voices if ``labels`` are right."""
        return VoiceStatistics.of(self.vectors, self.evidence, self.shares(labels))


def observations(evidence: Evidence, max_total: float, lookahead: Sequence[Span] = ()) -> Observations:
    """All ``evidence``, scaled down to ``max_total`` observations where it is more, and the stretches of ``lookahead``."""
    everything = [*evidence, *(_unheard(span, len(evidence.recent[-1].vector)) for span in lookahead)]
    weights = np.array([item.weight for item in everything])
    sums = np.stack([item.vector for item in everything])
    return Observations(
        vectors=np.asarray(sums / np.maximum(weights, 1e-12)[:, np.newaxis], dtype=np.float32),
        evidence=weights * min(1.0, max_total / max(float(weights.sum()), 1e-9)),
        seconds=np.array([item.samples for item in everything]) / SAMPLE_RATE,
        groups=len(evidence.groups),
        overlap=_overlap(everything[len(evidence.groups) :]),
        order=SpokenOrder.of(everything[: len(everything) - len(lookahead)]),
        changes=np.array([item.change for item in everything[len(evidence.groups) :]]),
        lookahead=len(lookahead),
    )


def purity(windows: Sequence[Item]) -> Floats:
    """The share of its own voice in what each of consecutive windows heard, shape ``(n,)``."""
    voices = np.array([item.voice for item in windows])
    own: Floats = (_overlap(windows).shares * (voices == voices[:, np.newaxis])).sum(axis=1)
    return own


def _overlap(windows: Sequence[Item]) -> WindowOverlap:
    return WindowOverlap.of(
        [item.stretches[0] for item in windows], [item.heard for item in windows], [item.after_pause for item in windows]
    )


def _unheard(span: Span, dimension: int) -> Item:
    return Item(np.zeros(dimension, dtype=np.float32), 0.0, [span])
