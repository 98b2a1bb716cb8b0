"""Parameters of the likelihood, from the calibration of the model that the embeddings are of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from speaker_tracker.events import VoiceCalibration, VoiceModel
from speaker_tracker_stages.assigning.calibrations import calibration_of
from speaker_tracker_stages.kmeans_assigner.likelihood import VoiceLikelihood

LIKELIHOOD_SCALE = 5.0
"""Factor on ``effective_dimension``: penalties and thresholds are natural logarithms of likelihoods that count so much."""
COMMON_SHARE = 0.77
"""Share of ``common_variance`` that people in a conversation have: less than the readers of one corpus, who are recorded alike and
read alike."""
ALONE_FACTOR = 2.3
"""Factor on ``channel_variance``: rooms and telephones differ more than the recordings that models are measured on, and where
nobody else is heard, one person is likelier to begin with."""
SHORT_WINDOW_POWER = 1.6
"""Power of what a short window is worth: short segments of conversations are noise, laughter or two voices more often than the cuts
of clean speech are that models are measured on."""
ONE_SPEAKER_FACTOR = 1.5
"""A further factor where one speaker is asked for: a second voice is then unlikely to begin with."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """Figures that are given instead of those of the calibration, by the names of ``VoiceCalibration``; None: the calibration's."""

    within_variance: float | None = None
    common_variance: float | None = None
    style_variance: float | None = None
    channel_variance: float | None = None
    effective_dimension: float | None = None


def likelihood_of(model: VoiceModel, num_speakers: int, overrides: Overrides | None = None) -> VoiceLikelihood:
    """The likelihood for embeddings of ``model``, with ``num_speakers`` voices asked for.

    Variance within a voice that is overridden is taken off that between voices, or given to it. Raises ``ValueError`` if nothing is
    left of it.
    """
    measured = _overridden(calibration_of(model), overrides or Overrides())
    common = COMMON_SHARE * measured.common_variance
    between = 1.0 - measured.within_variance - common
    if between <= 0:
        raise ValueError(
            f"within_variance ({measured.within_variance:g}) and common_variance ({measured.common_variance:g}) leave no variance "
            "between voices; they must add up to less than 1"
        )
    factor = ALONE_FACTOR * (ONE_SPEAKER_FACTOR if num_speakers == 1 else 1.0)
    return VoiceLikelihood(
        within=measured.within_variance,
        between=between,
        common=common,
        style=measured.style_variance,
        channel=max(measured.style_variance, factor * measured.channel_variance),
        dimension=LIKELIHOOD_SCALE * measured.effective_dimension,
    )


def window_worth(model: VoiceModel, seconds: float) -> float:
    """What a window that heard ``seconds`` is worth, as a share of one of ``calibrated_seconds``; at most 1."""
    measured = calibration_of(model)
    lengths, worths = zip(*measured.evidence_by_seconds, strict=True)
    measured_worth = min(1.0, seconds / lengths[0]) * float(np.interp(seconds, lengths, worths))
    return float(min(1.0, measured_worth) ** SHORT_WINDOW_POWER)


def _overridden(measured: VoiceCalibration, overrides: Overrides) -> VoiceCalibration:
    given = {name: value for name in Overrides.__slots__ if (value := getattr(overrides, name)) is not None}
    return replace(measured, **given)
