import pytest
from pydantic import ValidationError

from speaker_tracker_stages.kmeans_assigner.options import KMeansAssignerOptions
from speaker_tracker_stages.kmeans_assigner.parameters import Overrides


@pytest.mark.parametrize("wrong", [{"lag_windows": -1}, {"within_variance": 1}, {"refit_seconds": 0}, {"colour": "red"}])
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
    ],
)
def test_names_of_version_0_1_still_work(old, new):
    assert getattr(KMeansAssignerOptions.model_validate({old: 0.5}), new) == 0.5


@pytest.mark.parametrize(
    ("old", "new"),
    [("within_share", "within_variance"), ("manner_share", "style_variance"), ("dimension", "effective_dimension")],
)
def test_figures_that_come_with_the_model_now_are_named(old, new):
    with pytest.raises(ValidationError, match=f"{old} is gone.*calibration.*set {new}"):
        KMeansAssignerOptions.model_validate({old: 0.5})


def test_what_is_given_overrides_the_calibration():
    assert KMeansAssignerOptions().overrides == Overrides()
    assert KMeansAssignerOptions(style_variance=0.1, effective_dimension=40).overrides == Overrides(
        style_variance=0.1, effective_dimension=40
    )
