"""The most likely sequence of voices, where speakers go on speaking and windows hear changes.

Viterbi, "Error bounds for convolutional codes and an asymptotically optimum decoding algorithm", 1967; a state is the voice that
speaks, and, as long as a window may hear what was before its last change, when that change was and from which voice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats, Labels
from speaker_tracker_stages.kmeans_assigner.window_overlap import WindowOverlap


def best_paths(scores: Floats, distances: Floats, weights: Floats, overlap: WindowOverlap, penalties: Floats) -> Labels:
    """The voice of each stretch in the best path, for ``r`` groupings side by side, shape ``(r, n)``.

    ``scores``: log-likelihood of each window if it hears one voice alone, shape ``(r, n, k)``; minus infinity for voices that a
    grouping does not have. ``distances``: squared distances between the voices' positions, shape ``(r, k, k)``. ``weights``: shape
    ``(n,)``. A window with a share x of one voice and 1 - x of another scores the mean of their scores, weighted by the shares,
    plus ``weights * x * (1 - x) * distances``, which is exact for normal densities around the mixed position. ``penalties``: of a
    change of voice at the beginning of each stretch, shape ``(r, n)``. A window that hears three voices is scored as if it heard
    the last two.
    """
    groupings, count, voices = scores.shape
    if not count:
        return np.empty((groupings, 0), dtype=np.intp)
    begins = overlap.after_pause.copy()
    begins[0] = True
    absent = np.isneginf(scores[:, 0])
    gains = _gains(np.where(absent[:, np.newaxis], 0.0, scores).transpose(1, 0, 2), distances, weights, overlap)
    gains[:, :, :, 0] += np.where(absent, -np.inf, 0.0)
    # A change of voice is from another one, and paid for when the voice begins.
    not_itself = np.where(np.eye(voices, dtype=bool) | absent[:, :, np.newaxis], -np.inf, 0.0)
    gains[:, :, :, -voices:] += not_itself - penalties.T[:, :, np.newaxis, np.newaxis]
    # Paths by the voice they are at, and by how they got there. First those that are settled: no window hears another voice any
    # more. Then those that have changed, by the voice before, the earliest change first.
    paths = np.full((count + 1, *gains.shape[1:]), -np.inf)
    paths[0, :, :, 0] = 0.0
    most, pauses = np.maximum.reduce, penalties.T[:, :, np.newaxis]
    for index, is_begin in enumerate(begins.tolist()):
        before, after = paths[index], paths[index + 1]
        best = most(before, axis=2)
        if is_begin:
            # A window never hears beyond a pause, so all paths are settled.
            np.maximum(best, most(best, axis=1, keepdims=True) - pauses[index], out=after[:, :, 0])
            after[:, :, 0] += gains[index, :, :, 0]
            continue
        most(before[:, :, : 1 + voices], axis=2, out=after[:, :, 0])
        after[:, :, 1:-voices] = before[:, :, 1 + voices :]
        after[:, :, -voices:] = best[:, np.newaxis]
        after += gains[index]
    return np.stack([_trace(paths[:, row], penalties[row], begins) for row in range(groupings)])


def _gains(scores: Floats, distances: Floats, weights: Floats, overlap: WindowOverlap) -> Floats:
    """Scores of all windows that end with a stretch, for each state of a path, shape ``(n, r, k, 1 + ages * k)``.

    The first is with one voice; the others are with the voice before as well, those in which it was heard last come last.
    ``scores``: shape ``(n, r, k)``.
    """
    count, groupings, voices = scores.shape
    ages = overlap.since.shape[1]
    # Along the last axis: the age of the change and the voice before.
    share = overlap.since[:, ::-1].repeat(voices, axis=1)[:, np.newaxis, np.newaxis]
    mixed = share * (1 - share) * weights[:, np.newaxis, np.newaxis, np.newaxis]
    by_window = np.empty((count, groupings, voices, 1 + ages * voices))
    by_window[..., 0] = scores
    both = by_window[..., 1:]
    np.multiply(mixed, np.tile(distances, ages), out=both)
    both += (1 - share) * np.tile(scores, ages)[:, :, np.newaxis]
    both += share * scores[..., np.newaxis]
    last = overlap.last
    if (last[1:] < last[:-1]).any():
        order = np.argsort(last, kind="stable")
        last, by_window = last[order], by_window[order]
    firsts = np.flatnonzero(np.diff(last, prepend=-1))
    gains = np.zeros_like(by_window)
    gains[last[firsts]] = np.add.reduceat(by_window, firsts, axis=0)
    return gains


def _trace(paths: Floats, penalties: Floats, begins: NDArray[np.bool_]) -> Labels:
    """The best path of one grouping. ``paths``: scores of the best path to each state, shape ``(n + 1, k, 1 + ages * k)``."""
    count, voices, states = len(paths) - 1, paths.shape[1], paths.shape[2]
    best_states, best = paths.argmax(axis=2).ravel().tolist(), paths.max(axis=2)
    settled = paths[:, :, : 1 + voices].argmax(axis=2).ravel().tolist()
    top, starts = best.argmax(axis=1), begins.tolist()
    jumps = (best[np.arange(count), top[:-1]] - penalties)[:, np.newaxis] > best[:-1]
    came_from = np.where(jumps, top[:-1, np.newaxis], np.arange(voices)).ravel().tolist()
    path = [0] * count
    voice = int(top[-1])
    state = best_states[count * voices + voice]
    for index in range(count - 1, -1, -1):
        path[index] = voice
        before = index * voices
        if starts[index]:
            voice = came_from[before + voice]
            state = best_states[before + voice]
        elif state == 0:
            state = settled[before + voice]
        elif state < states - voices:
            state += voices
        else:
            voice = state - (states - voices)
            state = best_states[before + voice]
    return np.array(path, dtype=np.intp)
