"""The most likely sequence of voices, given that people go on speaking and that windows hear changes (Viterbi, 1967)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.hearing import Hearing
from speaker_tracker_stages.voice_likelihood import Numbers


def best_path(  # noqa: PLR0913 - what was heard, and how to weigh it
    scores: Numbers, apart: Numbers, weights: Numbers, hearing: Hearing, *, change: float, pause: float
) -> NDArray[np.intp]:
    """The voice of each stretch in the best path, shape ``(n,)``.

    ``scores``: log-likelihoods of windows that hear one voice alone, shape ``(n, k)``. ``apart``: squared distances between voices,
    shape ``(k, k)``. A window with a share ``x`` of one voice and the rest of another has the mean of their scores, by shares, and
    ``weights * x * (1 - x) * apart`` more; ``weights``: shape ``(n,)``. ``change``: what a change of voice takes off a path's
    score; ``pause``: what it takes off after a pause. Of a third voice that a window hears it is taken to be the second one.
    """
    count, voices = scores.shape
    ages = hearing.since.shape[1]
    alone, mixed = _by_stretch(scores, apart, weights, hearing)
    stay, never = np.arange(voices), np.where(np.eye(voices, dtype=bool), -np.inf, 0.0)
    # Of paths by the voice they are at: in ``settled``, nothing else is heard any more; in ``changed``, that voice began up to
    # ``ages - 1`` stretches ago, after another one.
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
        if hearing.begins[index] or index == 0:
            # A window never hears beyond a pause, so all paths are settled.
            top = int(best.argmax())
            jumps = best[top] - pause > best
            from_other[index] = np.where(jumps, top, stay)
            settled = np.where(jumps, best[top] - pause, best) + alone[index]
            changed.fill(-np.inf)
            continue
        oldest = changed[:, -1]
        from_other[index] = oldest.argmax(axis=1)
        of_oldest = oldest[stay, from_other[index]]
        from_changed[index] = of_oldest > settled
        settled = np.where(from_changed[index], of_oldest, settled) + alone[index]
        changed[:, 1:] = changed[:, :-1].copy()
        changed[:, 0] = best - change + never
        changed += mixed[index]
    return _trace(settled, changed, hearing.begins, (from_changed, from_other, best_change))


def _by_stretch(scores: Numbers, apart: Numbers, weights: Numbers, hearing: Hearing) -> tuple[Numbers, Numbers]:
    """The scores of all windows that end with a stretch: with one voice, ``(n, k)``, and ``(n, k, ages, k)`` with two."""
    share = hearing.since[:, np.newaxis, :, np.newaxis]
    own, other = scores[:, :, np.newaxis, np.newaxis], scores[:, np.newaxis, np.newaxis, :]
    both = (
        share * own
        + (1 - share) * other
        + share * (1 - share) * weights[:, np.newaxis, np.newaxis, np.newaxis] * apart[:, np.newaxis]
    )
    alone, mixed = np.zeros_like(scores), np.zeros_like(both)
    np.add.at(alone, hearing.last, scores)
    np.add.at(mixed, hearing.last, both)
    return alone, mixed


def _trace(
    settled: Numbers,
    changed: Numbers,
    begins: NDArray[np.bool_],
    came_from: tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.intp]],
) -> NDArray[np.intp]:
    from_changed, from_other, best_change = came_from
    voices, ages, _ = changed.shape
    path = np.empty(len(begins), dtype=np.intp)
    if not len(begins):
        return path
    voice = int(np.maximum(settled, changed.max(axis=(1, 2))).argmax())
    state = int(changed[voice].argmax())  # age and the voice before, or -1 where settled
    if settled[voice] >= changed[voice].max():
        state = -1
    for index in range(len(begins) - 1, -1, -1):
        path[index] = voice
        age, other = divmod(state, voices)
        if begins[index] or index == 0:
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
