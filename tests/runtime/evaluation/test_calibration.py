"""Figures of simulated voices are found again, those that ship are measured, and sets that are too small are refused."""

import numpy as np
import pytest

from speaker_tracker.engine.assembly import configure_chain
from speaker_tracker.evaluation import calibration
from speaker_tracker.evaluation.calibration import (
    Windows,
    calibrate,
    independent_trials,
    likeliest_dimension,
    mean_products,
    recordings_of,
)
from speaker_tracker.evaluation.embedding import embedding_stage
from speaker_tracker.evaluation.utterances import VerificationSetError, utterance_files
from speaker_tracker.models import resolve
from speaker_tracker.settings import load_settings
from support.shared_data import VERIFICATION, needs_shared_data

WITHIN, STYLE, CHANNEL, BETWEEN, COMMON, DIMENSION = 0.4, 0.04, 0.06, 0.3, 0.2, 48


def simulated(speakers=60):
    """Two recordings of each speaker, of three utterances of six windows; variances as above."""
    random = np.random.default_rng(0)

    def draw(variance):
        return random.normal(0, np.sqrt(variance / DIMENSION), DIMENSION)

    rows, common = [], draw(COMMON)
    common *= np.sqrt(COMMON) / np.linalg.norm(common)
    for speaker in range(speakers):
        voice = common + draw(BETWEEN)
        for recording in (2 * speaker, 2 * speaker + 1):
            there = voice + draw(CHANNEL)
            for utterance in range(3 * recording, 3 * recording + 3):
                so = there + draw(STYLE)
                rows += [(so + draw(WITHIN), speaker, recording, utterance, 2.0 * window) for window in range(6)]
    vectors, *labels, starts = zip(*rows, strict=True)
    return Windows(np.stack(vectors), *(np.array(label) for label in labels), np.array(starts))


def test_variances_of_simulated_voices_are_found_again():
    found = mean_products(simulated())
    assert found.other_person == pytest.approx(COMMON, abs=0.03)
    assert found.other_recording - found.other_person == pytest.approx(BETWEEN, abs=0.05)
    assert found.same_recording - found.other_recording == pytest.approx(CHANNEL, abs=0.02)
    assert found.same_utterance - found.same_recording == pytest.approx(STYLE, abs=0.02)


def test_the_dimension_of_simulated_voices_is_found_again():
    windows = simulated()
    trials = independent_trials(windows, 1.5)
    within = WITHIN + STYLE + CHANNEL
    # Their lengths are not 1 but on average, which the ratio does not know: it is a little less certain.
    assert DIMENSION * 0.6 < likeliest_dimension(trials, within, BETWEEN, COMMON) < DIMENSION * 1.3


def test_windows_of_one_utterance_are_no_trials_and_those_that_overlap_count_once():
    windows = simulated(speakers=5)
    trials = independent_trials(windows, 3.9)  # every other window of six
    assert len(trials.same) + len(trials.different) == 90 * 89 // 2 - 30 * 3


def test_files_of_one_recording_differ_after_the_last_hyphen(tmp_path):
    files = [
        ("anna", tmp_path / name) for name in ("a-monday-2.flac", "a-monday-1.flac", "a-tuesday-1.flac", "call.flac", "x-y.flac")
    ]
    found = {recording.name: [path.name for path in recording.files] for recording in recordings_of(files)}
    assert found == {
        "a-monday": ["a-monday-1.flac", "a-monday-2.flac"],
        "a-tuesday": ["a-tuesday-1.flac"],
        "call": ["call.flac"],
        "x-y": ["x-y.flac"],
    }


@pytest.fixture
def embedded():
    return embedding_stage(configure_chain(load_settings(stage_options={"speechbrain_embedding": {"source": "embedded"}})))


def test_too_few_speakers_are_refused(embedded):
    with pytest.raises(VerificationSetError, match="0 speakers are too few for a calibration, which needs 5"):
        calibrate(embedded, [])


@pytest.mark.e2e
@needs_shared_data
def test_too_little_speech_of_a_speaker_is_refused(embedded):
    files = [(speaker, path) for speaker, path in utterance_files(VERIFICATION) if speaker != "84" or path.stem.endswith("0000")]
    with pytest.raises(VerificationSetError, match=r"speaker 84 has .* s of speech, and a calibration needs 30 s"):
        calibrate(embedded, files)


@pytest.mark.e2e
@needs_shared_data
@pytest.mark.timeout(900)
def test_the_figures_of_the_embedded_model_are_those_that_are_measured(embedded, monkeypatch):
    monkeypatch.setattr(calibration, "LENGTHS", (1.5,))  # what shorter ones are worth takes four times as long
    shipped = resolve("embedded", None).model
    measured = calibrate(embedded, utterance_files(VERIFICATION))
    assert (measured.name, measured.dimension) == (shipped.name, shipped.dimension)
    assert measured.same_voice_cosine == pytest.approx(shipped.same_voice_cosine, abs=0.01)
    for name in (
        "within_variance",
        "between_variance",
        "common_variance",
        "style_variance",
        "channel_variance",
        "equal_error_rate",
    ):
        assert getattr(measured.calibration, name) == pytest.approx(getattr(shipped.calibration, name), abs=0.005), name
    assert measured.calibration.effective_dimension == pytest.approx(shipped.calibration.effective_dimension, rel=0.05)
    assert measured.calibration.measured_on == shipped.calibration.measured_on
