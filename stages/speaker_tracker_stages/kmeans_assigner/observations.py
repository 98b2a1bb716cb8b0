"""Input of clustering: evidence as observations, with the shares of stretches that windows hear of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker_stages.assigning.arrays import Floats, Labels, Vectors
from speaker_tracker_stages.assigning.evidence import Evidence, Item, Span
from speaker_tracker_stages.assigning.matching import SpokenOrder
from speaker_tracker_stages.kmeans_assigner.likelihood import VoiceStatistics
from speaker_tracker_stages.kmeans_assigner.window_overlap import WindowOverlap


@dataclass(frozen=True, eq=False)
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

    def voice_shares(self, labels: Labels, voices: int) -> Floats:
        """Shares of each voice in each item, shape ``(..., voices, n)``, where ``labels`` are the voices of the stretches.

        ``labels``: of one grouping or several, 0 to ``voices`` - 1, shape ``(..., n)``.
        """
        count = labels.shape[-1]
        heard, shares = self._heard
        row = np.arange(labels.size // max(1, count))[:, np.newaxis, np.newaxis] * voices
        places = (row + labels.reshape(-1, count)[:, heard]) * count + np.arange(count)[:, np.newaxis]
        weights = np.broadcast_to(shares, places.shape)
        summed = np.bincount(places.ravel(), weights.ravel(), minlength=len(row) * voices * count)
        return np.asarray(summed.reshape(*labels.shape[:-1], voices, count), dtype=np.float64)

    def statistics(self, labels: Labels, voices: int | None = None) -> VoiceStatistics:
        """Statistics of the voices if ``labels`` are right; of several groupings where they have a shape of ``(..., n)``.

        ``voices``: how many there are, by default as many as have labels. Those without any have statistics of 0.
        """
        shares = self.voice_shares(labels, int(labels.max(initial=0)) + 1 if voices is None else voices)
        weighted = shares * self.evidence
        sums = (weighted.reshape(-1, labels.shape[-1]) @ self.exact_vectors).reshape(*shares.shape[:-1], -1)
        return VoiceStatistics(sums, weighted @ shares.swapaxes(-1, -2))

    @cached_property
    def exact_vectors(self) -> Floats:
        """The mean embeddings in double precision, shape ``(n, d)``."""
        return self.vectors.astype(np.float64)

    @cached_property
    def _heard(self) -> tuple[NDArray[np.intp], Floats]:
        """The items that each item hears and their shares, shape ``(n, m)``; groups hear themselves alone."""
        windows, columns = self.overlap.heard.shape
        heard = np.repeat(np.arange(self.groups + windows)[:, np.newaxis], columns, axis=1)
        shares = np.zeros((self.groups + windows, columns))
        heard[self.groups :] = self.overlap.heard + self.groups
        shares[self.groups :] = self.overlap.heard_shares
        shares[: self.groups, :1] = 1.0
        return heard, shares


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
    voices, overlap = np.array([item.voice for item in windows]), _overlap(windows)
    own: Floats = (overlap.heard_shares * (voices[overlap.heard] == voices[:, np.newaxis])).sum(axis=1)
    return own


def _overlap(windows: Sequence[Item]) -> WindowOverlap:
    return WindowOverlap.of(
        [item.stretches[0] for item in windows], [item.heard for item in windows], [item.after_pause for item in windows]
    )


def _unheard(span: Span, dimension: int) -> Item:
    return Item(np.zeros(dimension, dtype=np.float32), 0.0, [span])
