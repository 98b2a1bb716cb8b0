"""Bounds that a conversation's embeddings allow: labels from the reference, and from offline clustering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE, VoiceEmbedding
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.results.rttm import Turn

RESTARTS = 10


def oracle_timeline(embeddings: Sequence[VoiceEmbedding], reference: Sequence[Turn]) -> list[TimelineSegment]:
    """Timeline in which each embedding's interval gets the reference voice that speaks most of it, nobody if none does.

    Its remaining errors are not the assigner's: speech detection, overlapped speech, and speaker changes within an interval.
    """
    names = sorted({turn.speaker for turn in reference})
    timeline = []
    for embedding in embeddings:
        spoken = dict.fromkeys(names, 0.0)
        for turn in reference:
            spoken[turn.speaker] += _common(embedding, turn)
        most = max(names, key=lambda name: spoken[name], default=None)
        if most is not None and spoken[most] > 0:
            timeline.append(_segment(embedding, names.index(most)))
    return timeline


def hindsight_timeline(embeddings: Sequence[VoiceEmbedding], num_speakers: int) -> list[TimelineSegment]:
    """Timeline by scikit-learn's KMeans over all embeddings at once, with ``num_speakers`` clusters."""
    from sklearn.cluster import KMeans  # noqa: PLC0415 - heavy

    if not embeddings:
        return []
    vectors = np.stack([embedding.vector for embedding in embeddings])
    weights = [(embedding.heard_end - embedding.heard_start) ** 2 for embedding in embeddings]
    clusters = min(num_speakers, len(np.unique(vectors, axis=0)))
    labels = KMeans(clusters, n_init=RESTARTS, random_state=0).fit(vectors, sample_weight=weights).labels_
    return [_segment(embedding, int(label)) for embedding, label in zip(embeddings, labels, strict=True)]


def similarities(
    embeddings: Sequence[VoiceEmbedding], timeline: Sequence[TimelineSegment]
) -> tuple[NDArray[np.float64], dict[int, NDArray[np.float64]]]:
    """The middle of each embedding's interval in seconds and its cosine to each speaker's centroid, all of shape ``(n,)``.

    A centroid is the mean of the embeddings whose interval ``timeline`` assigns to that speaker alone.
    """
    middles = np.array([(embedding.start + embedding.end) / 2 / SAMPLE_RATE for embedding in embeddings])
    vectors = np.stack([embedding.vector for embedding in embeddings]) if embeddings else np.empty((0, 1))
    speaking = {
        speaker: np.any([_holds(segment, middles) for segment in timeline if segment.speaker == speaker], axis=0)
        for speaker in sorted({segment.speaker for segment in timeline if segment.speaker is not None})
    }
    several = np.sum(list(speaking.values()), axis=0) > 1 if speaking else np.zeros(len(middles), dtype=bool)
    cosines = {}
    for speaker, here in speaking.items():
        if (alone := here & ~several).any():
            centroid = vectors[alone].sum(axis=0)
            cosines[speaker] = vectors @ centroid / np.linalg.norm(centroid).clip(1e-12)
    return middles, cosines


def _common(embedding: VoiceEmbedding, turn: Turn) -> float:
    return max(0.0, min(embedding.end / SAMPLE_RATE, turn.end) - max(embedding.start / SAMPLE_RATE, turn.start))


def _segment(embedding: VoiceEmbedding, speaker: int) -> TimelineSegment:
    return TimelineSegment(round(embedding.start * 1000 / SAMPLE_RATE), round(embedding.end * 1000 / SAMPLE_RATE), speaker)


def _holds(segment: TimelineSegment, seconds: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (segment.start_ms <= seconds * 1000) & (seconds * 1000 < segment.end_ms)
