from dataclasses import replace

import pytest

from speaker_tracker.events import VoiceCalibration, VoiceModel
from speaker_tracker.models import resolve
from speaker_tracker_stages.assigning.calibrations import typical_calibration
from speaker_tracker_stages.kmeans_assigner.parameters import (
    ALONE_FACTOR,
    COMMON_SHARE,
    LIKELIHOOD_SCALE,
    ONE_SPEAKER_FACTOR,
    SHORT_WINDOW_POWER,
    Overrides,
    likelihood_of,
    window_worth,
)

CALIBRATION = VoiceCalibration(
    within_variance=0.4,
    between_variance=0.4,
    common_variance=0.2,
    style_variance=0.03,
    channel_variance=0.05,
    effective_dimension=30.0,
    evidence_by_seconds=((0.5, 0.3), (1.0, 0.7), (1.5, 1.0), (3.0, 1.8)),
    equal_error_rate=0.07,
    measured_on="ten people",
)
MODEL = VoiceModel("test", 64, same_voice_cosine=0.4, calibrated_seconds=1.5, calibration=CALIBRATION)


def test_parameters_come_from_the_calibration():
    likelihood = likelihood_of(MODEL, 2)
    assert (likelihood.within, likelihood.style) == (0.4, 0.03)
    assert likelihood.common == pytest.approx(COMMON_SHARE * 0.2)
    assert likelihood.within + likelihood.between + likelihood.common == pytest.approx(1)
    assert likelihood.channel == pytest.approx(ALONE_FACTOR * 0.05)
    assert likelihood.dimension == pytest.approx(LIKELIHOOD_SCALE * 30)


def test_where_one_speaker_is_asked_for_a_second_voice_needs_more_evidence():
    assert likelihood_of(MODEL, 1).channel == pytest.approx(ONE_SPEAKER_FACTOR * likelihood_of(MODEL, 2).channel)


def test_channels_of_a_voice_are_never_closer_than_its_styles():
    alike = replace(MODEL, calibration=replace(CALIBRATION, style_variance=0.2, channel_variance=0.0))
    assert likelihood_of(alike, 2).channel == 0.2


def test_single_figures_are_overridden():
    likelihood = likelihood_of(MODEL, 2, Overrides(within_variance=0.5, effective_dimension=20.0))
    assert (likelihood.within, likelihood.dimension, likelihood.style) == (0.5, 100.0, 0.03)


def test_figures_that_leave_nothing_between_voices_are_refused():
    with pytest.raises(ValueError, match="must add up to less than 1"):
        likelihood_of(MODEL, 2, Overrides(within_variance=0.9))


def test_without_a_calibration_what_is_typical_is_taken():
    model = replace(MODEL, calibration=None)
    typical = typical_calibration(0.4)
    assert likelihood_of(model, 2).within == typical.within_variance
    assert typical.within_variance + typical.between_variance + typical.common_variance == pytest.approx(1)
    assert typical_calibration(0.2).within_variance > typical.within_variance


@pytest.mark.parametrize(("seconds", "worth"), [(0.25, 0.15), (0.5, 0.3), (0.75, 0.5), (1.25, 0.85), (1.5, 1.0), (4.0, 1.0)])
def test_short_windows_are_worth_less(seconds, worth):
    assert window_worth(MODEL, seconds) == pytest.approx(worth**SHORT_WINDOW_POWER)


def test_the_embedded_model_is_calibrated():
    model = resolve("embedded", None).model
    assert model.calibration is not None
    assert likelihood_of(model, 3).dimension > 100
