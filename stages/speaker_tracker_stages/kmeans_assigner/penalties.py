"""Penalties of the assigner: what changes and further voices take off the logarithm of the likelihood, as a log prior would."""

from __future__ import annotations

from dataclasses import dataclass

CHANGE_AFTER_PAUSE = 0.1
"""Penalty of a change of voice across a pause, as a share of that within speech."""
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
