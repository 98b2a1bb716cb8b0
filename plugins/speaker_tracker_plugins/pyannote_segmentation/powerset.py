"""What segmentation-3.0 says of a window, and what follows of it frame by frame. In NumPy, without PyTorch.

The network tells, of each of its frames, how probably each set of up to two of three speakers speaks (Plaquet and Bredin, "Powerset
multi-class cross entropy loss for neural speaker diarization", Interspeech 2023). Who the three are differs from window to window.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE

WINDOW_S = 10
WINDOW = WINDOW_S * SAMPLE_RATE
"""Samples that the network hears at a time."""
SETS = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
"""Who speaks in each of its classes."""
SPEAKERS = 3
NETWORK_FRAMES = 589
STEP_S = 270 / SAMPLE_RATE
FIRST_S = 991 / SAMPLE_RATE / 2
"""Middle of the network's first frame, and from there to the next."""

FRAME_RATE = 50
FRAME = SAMPLE_RATE // FRAME_RATE
"""Samples of the frames that the stage decides, 20 ms; the network's lie in between."""
FRAMES = WINDOW // FRAME
REACH = 5
"""Frames on either side by which a change is known, 0.1 s."""
SPOKEN = 0.5
"""Probability of speech from which a frame counts for who spoke last."""

MEMBERS = np.array([[float(speaker in one) for speaker in range(SPEAKERS)] for one in SETS], np.float32)
"""Shape ``(7, 3)``."""


def of_frames(said: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of nobody, one, two or more, and of a change, ``(n, FRAMES, 4)``, of the network's, ``(n, 589, 7)``."""
    sets = in_frames(said)
    counts = np.stack([sets[..., 0], sets[..., 1:4].sum(-1), sets[..., 4:].sum(-1)], -1)
    return np.concatenate([counts, changes(sets)[..., np.newaxis]], -1).astype(np.float32)


def in_frames(said: NDArray[np.float32]) -> NDArray[np.float32]:
    """``said``, ``(n, 589, 7)``, at the middles of the stage's frames, ``(n, FRAMES, 7)``."""
    position = np.clip(((np.arange(FRAMES) + 0.5) / FRAME_RATE - FIRST_S) / STEP_S, 0, NETWORK_FRAMES - 1)
    low = np.minimum(position.astype(int), NETWORK_FRAMES - 2)
    part = (position - low).astype(np.float32)[:, np.newaxis]
    return np.asarray(said[:, low] * (1 - part) + said[:, low + 1] * part, np.float32)


def changes(sets: NDArray[np.float32]) -> NDArray[np.float32]:
    """How probably somebody begins within ``REACH`` frames who is not the one who spoke last, ``(n, FRAMES)``.

    ``sets``: ``(n, FRAMES, 7)``. It is how much more probably one of the three speaks a little later than they were the last to
    speak a little earlier, the mean over distances up to ``REACH``, and so highest at the change itself. Whoever speaks first in a
    window may have spoken before it.
    """
    frames = sets.shape[1]
    active = sets @ MEMBERS
    last = _last_spoken(active, 1 - sets[..., 0])
    place = np.arange(frames)
    begun = np.zeros(sets.shape[:2], np.float32)
    for distance in range(REACH):
        later = active[:, np.minimum(place + distance, frames - 1)]
        before = last[:, np.maximum(place - distance, 0)]
        begun += (later - before).max(-1).clip(0, 1)
    return np.asarray(begun / REACH, np.float32)


def _last_spoken(active: NDArray[np.float32], speech: NDArray[np.float32]) -> NDArray[np.float32]:
    """How probably each spoke when somebody last did before a frame, ``(n, frames, 3)``; 1 where nobody has yet.

    ``active``: of each to speak, ``(n, frames, 3)``. ``speech``: of anybody to, ``(n, frames)``.
    """
    who = active / np.maximum(speech, SPOKEN)[..., np.newaxis]
    latest = np.maximum.accumulate(np.where(speech > SPOKEN, np.arange(speech.shape[1]), -1), 1)
    known = np.where(latest[..., np.newaxis] >= 0, np.take_along_axis(who, np.maximum(latest, 0)[..., np.newaxis], 1), 1.0)
    return np.concatenate([np.ones_like(known[:, :1]), known[:, :-1]], 1).astype(np.float32)
