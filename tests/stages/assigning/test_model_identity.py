import re

import pytest

from speaker_tracker.events import VoiceModel
from speaker_tracker.stage import StateMismatch
from speaker_tracker_stages.model_identity import check_comparable, identity


def model(name="small", dimension=192, cosine=0.4):
    return VoiceModel(name, dimension, cosine, calibrated_seconds=2.0)


def test_a_model_goes_with_itself_however_it_is_calibrated():
    check_comparable(model(cosine=0.3), identity(model(cosine=0.4)))


@pytest.mark.parametrize("other", [model(name="large"), model(dimension=256)])
def test_embeddings_of_another_model_are_refused_and_both_are_named(other):
    said = f"embeddings of ['{other.name}', {other.dimension}] came after those of ['small', 192], and the two cannot be compared"
    with pytest.raises(StateMismatch, match=re.escape(said)):
        check_comparable(other, identity(model()))
