"""The calibration of a voice model, or what is typical where nobody has measured it; and how far noise is believed to change it."""

from __future__ import annotations

from speaker_tracker.events import VoiceCalibration, VoiceModel

MIN_ATTENUATION = 0.3
"""Lower bound of the factor by which noise shortens the squared lengths of positions."""


def calibration_of(model: VoiceModel) -> VoiceCalibration:
    """The model's own calibration, else a typical one."""
    return model.calibration or typical_calibration(model.same_voice_cosine)


def typical_calibration(same_voice_cosine: float) -> VoiceCalibration:
    """What is typical of a model of which only ``same_voice_cosine`` is known.

    The shares are those of ``ecapa-mini`` before version 0.2, of which both were measured.
    """
    spread = 1.0 - same_voice_cosine
    within = 0.7 * spread
    common = 0.37 * (1.0 - within)
    return VoiceCalibration(
        within_variance=within,
        between_variance=1.0 - within - common,
        common_variance=common,
        style_variance=0.066 * spread,
        channel_variance=0.108 * spread,
        effective_dimension=21.0,
        evidence_by_seconds=((0.5, 0.33), (1.0, 0.67), (1.5, 1.0)),
        equal_error_rate=0.1,
        measured_on=f"not measured: typical of a same_voice_cosine of {same_voice_cosine:g}",
    )
