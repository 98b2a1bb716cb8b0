import pytest
from pydantic import ValidationError

from speaker_tracker_stages.kmeans_assigner.options import KMeansAssignerOptions


@pytest.mark.parametrize("wrong", [{"lag_windows": -1}, {"within_variance_share": 1}, {"refit_seconds": 0}, {"colour": "red"}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        KMeansAssignerOptions.model_validate(wrong)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sure", "confidence_threshold"),
        ("change_price", "change_penalty"),
        ("voice_price", "new_voice_penalty"),
        ("beyond_price", "untracked_voice_penalty"),
        ("within_share", "within_variance_share"),
        ("manner_share", "style_variance_share"),
        ("dimension", "effective_dimension"),
    ],
)
def test_names_of_version_0_1_still_work(old, new):
    assert getattr(KMeansAssignerOptions.model_validate({old: 0.5 if old != "dimension" else 50}), new) in (0.5, 50)


def test_parameters_of_the_model_come_from_its_calibration():
    likelihood = KMeansAssignerOptions().likelihood(same_voice_cosine=0.4, num_speakers=2)

    assert likelihood.within == pytest.approx(0.75 * 0.6)
    assert likelihood.between == pytest.approx(1 - 0.75 * 0.6)
    assert likelihood.style == pytest.approx(0.05 * 0.6)
    assert likelihood.channel == pytest.approx(0.11 * 0.6)
    assert likelihood.prior_strength == pytest.approx(0.45 / 0.55)


def test_where_one_speaker_is_asked_for_a_second_voice_needs_more_evidence():
    options = KMeansAssignerOptions()
    assert options.likelihood(0.4, num_speakers=1).channel > options.likelihood(0.4, num_speakers=2).channel
