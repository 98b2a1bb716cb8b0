import numpy as np
import pytest

from speaker_tracker.events import AudioBlock, AudioClock, SpeechAudio
from speaker_tracker_plugins.gain import KNEE, limited
from support.stage_harness import blocks, load, of_type, open_stage, run

NOISE = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)


@pytest.mark.parametrize(("decibels", "factor"), [(6.0206, 2.0), (-20, 0.1), (0, 1)])
def test_levels_change_by_the_decibels_given(decibels, factor):
    (heard,) = run(open_stage(load("gain", decibels=decibels)), [AudioBlock(320, NOISE[:100])])

    assert heard.start == 320
    assert heard.samples.dtype == np.float32
    assert np.allclose(heard.samples, NOISE[:100] * factor, rtol=1e-4)


def test_loud_samples_stay_in_range_and_in_order():
    ramp = np.linspace(-20, 20, 4_001, dtype=np.float32)
    bent = limited(ramp)

    assert np.abs(bent).max() <= 1
    assert (np.diff(bent) >= 0).all()
    inside = np.abs(ramp) <= KNEE
    assert np.array_equal(bent[inside], ramp[inside])


def test_only_blocks_are_replaced():
    clock = AudioClock(160)

    assert run(open_stage(load("gain")), [clock]) == [clock]


def test_audio_too_quiet_for_the_detector_is_found_behind_it():
    speechlike = np.concatenate([NOISE * 0.001, NOISE * 0.05, NOISE * 0.001])
    quiet = speechlike * np.float32(0.02)

    def heard(stream):
        return of_type(SpeechAudio, run(open_stage(load("energy_vad")), stream))

    amplified = run(open_stage(load("gain", decibels=34)), blocks(quiet))
    assert not heard(blocks(quiet))
    assert heard(amplified)
