"""Penalties of the assigner: what changes and further voices take off the logarithm of the likelihood, as a log prior would."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker_stages.assigning.arrays import Floats

CHANGE_AFTER_PAUSE = 0.1
"""Penalty of a change of voice across a pause, as a share of that within speech."""
UNHEARD_CHANGE, HEARD_CHANGE = 1.15, 0.2
"""Factors on that penalty where a segmentation is sure that no change of speaker is heard, and that one is; linear in between."""
KNOWN_VOICE = 8.0
"""Penalty of a known voice that was not heard before in the session, beside that of any new voice."""
SPARE_SLOTS = 2
"""Voices that can be told apart beyond those that are known, so that strangers do not blur into tracked voices."""
MAX_UNTRACKED = 6
"""Maximum untracked voices that are told apart at a time; of more, those that were not heard for the longest time are retired."""


@dataclass(frozen=True, slots=True)
class Penalties:
    """Natural logarithms, each at least 0.

    ``change``: of a stretch whose voice is not that of the stretch before. ``new_voice``: of a voice that was not heard before.
    ``untracked``: of each voice beyond those tracked, and again of each observation that is given to it.
    """

    change: float
    new_voice: float
    untracked: float

    def of_change(self, heard: float, *, after_pause: bool) -> float:
        """Penalty of a change at the beginning of a stretch, of which a segmentation has ``heard`` as ``of_changes`` tells."""
        if after_pause:
            return self.change * CHANGE_AFTER_PAUSE
        return self.change * (1.0 if math.isnan(heard) else UNHEARD_CHANGE + (HEARD_CHANGE - UNHEARD_CHANGE) * heard)

    def of_changes(self, after_pause: NDArray[np.bool_], heard: Floats) -> Floats:
        """Penalties of a change at the beginning of each stretch, of the shape of both arguments.

        ``after_pause``: whether a pause comes before it. ``heard``: the probability of a change by a segmentation, 0 to 1; NaN
        where there is none.
        """
        within = np.where(np.isnan(heard), 1.0, UNHEARD_CHANGE + (HEARD_CHANGE - UNHEARD_CHANGE) * heard)
        return self.change * np.where(after_pause, CHANGE_AFTER_PAUSE, within)
