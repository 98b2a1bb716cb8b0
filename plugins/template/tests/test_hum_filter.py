import numpy as np
import pytest
from speaker_tracker_hum_filter.stage import speaker_tracker_stages

from speaker_tracker.events import SAMPLE_RATE, AudioBlock
from speaker_tracker.testing import audio_blocks, check_stage, of_type, run_stage

(SPEC,) = speaker_tracker_stages()


def level_after(frequency, **options):
    """Gain of the filter for a tone of two seconds, measured without its first half second."""
    tone = (0.5 * np.sin(2 * np.pi * frequency * np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE)).astype(np.float32)
    blocks = of_type(AudioBlock, run_stage(SPEC, audio_blocks(tone), **options))
    out = np.concatenate([block.samples for block in blocks])
    return np.std(out[SAMPLE_RATE // 2 :]) / np.std(tone)


def test_the_stage_keeps_the_contract():
    check_stage(SPEC)


def test_hum_is_taken_away_and_speech_is_not():
    assert level_after(25) < 0.02
    assert level_after(300) == pytest.approx(1, abs=0.01)


def test_the_cutoff_is_an_option():
    assert level_after(300, cutoff_hz=600) < 0.1
