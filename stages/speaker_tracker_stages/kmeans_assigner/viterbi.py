"""The most likely sequence of voices, where speakers go on speaking and windows hear changes.

Viterbi, "Error bounds for convolutional codes and an asymptotically optimum decoding algorithm", 1967; a state is the voice that
speaks, and, as long as a window may hear what was before its last change, when that change was and from which voice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats, Labels
from speaker_tracker_stages.kmeans_assigner.window_overlap import WindowOverlap


def best_path(
    scores: Floats,
    distances: Floats,
    weights: Floats,
    overlap: WindowOverlap,
    penalties: Floats,
) -> Labels:
    """The voice of each stretch in the best path, shape ``(n,)``.

    ``scores``: log-likelihood of each window if it hears one voice alone, shape ``(n, k)``. ``distances``: squared distances
    between the voices' positions, shape ``(k, k)``. ``weights``: shape ``(n,)``. A window with a share x of one voice and 1 - x of
    another scores the mean of their scores, weighted by the shares, plus ``weights * x * (1 - x) * distances``, which is exact for
    normal densities around the mixed position. ``penalties``: of a change of voice at the beginning of each stretch, shape
    ``(n,)``. A window that hears three voices is scored as if it heard the last two.
    """
    count, voices = scores.shape
    ages = overlap.since.shape[1]
    alone, mixed = _by_stretch(scores, distances, weights, overlap)
    stay, never = np.arange(voices), np.where(np.eye(voices, dtype=bool), -np.inf, 0.0)
    # Paths by the voice they are at: in ``settled``, no window hears another voice any more; in ``changed``, of shape (voice, age,
    # voice before), the voice began up to ``ages - 1`` stretches ago.
    settled, changed = np.zeros(voices), np.full((voices, ages, voices), -np.inf)
    from_changed = np.zeros((count, voices), dtype=bool)
    from_other = np.zeros((count, voices), dtype=np.intp)
    best_change = np.zeros((count, voices), dtype=np.intp)
    for index in range(count):
        flat = changed.reshape(voices, -1)
        best_change[index] = flat.argmax(axis=1)
        of_changed = flat[stay, best_change[index]]
        is_changed = of_changed > settled
        best = np.where(is_changed, of_changed, settled)
        best_change[index] = np.where(is_changed, best_change[index], -1)
        if overlap.after_pause[index] or index == 0:
            # A window never hears beyond a pause, so all paths are settled.
            top = int(best.argmax())
            jumps = best[top] - penalties[index] > best
            from_other[index] = np.where(jumps, top, stay)
            settled = np.where(jumps, best[top] - penalties[index], best) + alone[index]
            changed.fill(-np.inf)
            continue
        oldest = changed[:, -1]
        from_other[index] = oldest.argmax(axis=1)
        of_oldest = oldest[stay, from_other[index]]
        from_changed[index] = of_oldest > settled
        settled = np.where(from_changed[index], of_oldest, settled) + alone[index]
        changed[:, 1:] = changed[:, :-1].copy()
        changed[:, 0] = best - penalties[index] + never
        changed += mixed[index]
    return _trace(settled, changed, overlap.after_pause, (from_changed, from_other, best_change))


def _by_stretch(scores: Floats, distances: Floats, weights: Floats, overlap: WindowOverlap) -> tuple[Floats, Floats]:
    """Scores of all windows that end with a stretch: with one voice, ``(n, k)``, and with two, ``(n, k, ages, k)``."""
    share = overlap.since[:, np.newaxis, :, np.newaxis]
    own, other = scores[:, :, np.newaxis, np.newaxis], scores[:, np.newaxis, np.newaxis, :]
    both = (
        share * own
        + (1 - share) * other
        + share * (1 - share) * weights[:, np.newaxis, np.newaxis, np.newaxis] * distances[:, np.newaxis]
    )
    alone, mixed = np.zeros_like(scores), np.zeros_like(both)
    np.add.at(alone, overlap.last, scores)
    np.add.at(mixed, overlap.last, both)
    return alone, mixed


def _trace(
    settled: Floats,
    changed: Floats,
    after_pause: NDArray[np.bool_],
    came_from: tuple[NDArray[np.bool_], Labels, Labels],
) -> Labels:
    from_changed, from_other, best_change = came_from
    voices, ages, _ = changed.shape
    path = np.empty(len(after_pause), dtype=np.intp)
    if not len(after_pause):
        return path
    voice = int(np.maximum(settled, changed.max(axis=(1, 2))).argmax())
    state = int(changed[voice].argmax())  # age and the voice before, or -1 where settled
    if settled[voice] >= changed[voice].max():
        state = -1
    for index in range(len(after_pause) - 1, -1, -1):
        path[index] = voice
        age, other = divmod(state, voices)
        if after_pause[index] or index == 0:
            voice = int(from_other[index, voice])
            state = int(best_change[index, voice])
        elif state < 0:
            state = (ages - 1) * voices + int(from_other[index, voice]) if from_changed[index, voice] else -1
        elif age > 0:
            state -= voices
        else:
            voice = other
            state = int(best_change[index, voice])
    return path
