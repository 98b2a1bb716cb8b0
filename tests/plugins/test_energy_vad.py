import numpy as np

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.events import SpeechEnded, SpeechStarted
from support.stage_harness import blocks, load, of_type, open_stage, run

RATE = 16_000
BURST = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
HUM = np.random.default_rng(1).normal(0, 0.0005, RATE).astype(np.float32)


def segments(samples, size=512, **options):
    events = run(open_stage(load("energy_vad", **options)), blocks(samples, size))
    return list(zip([e.start for e in of_type(SpeechStarted, events)], [e.end for e in of_type(SpeechEnded, events)], strict=True))


def test_what_stands_out_from_the_background_is_speech():
    ((start, end),) = segments(np.concatenate([HUM, BURST, HUM]))

    assert abs(start - RATE) <= 0.1 * RATE
    assert abs(end - 2 * RATE) <= 0.1 * RATE


def test_background_alone_is_not():
    assert segments(np.tile(HUM, 5)) == []
    assert segments(np.zeros(5 * RATE, np.float32)) == []


def test_a_click_is_too_short():
    assert segments(np.concatenate([HUM, BURST[:500], HUM])) == []


def test_the_length_of_blocks_makes_no_difference():
    samples = np.concatenate([HUM, BURST, HUM, BURST[:6000], HUM])

    assert segments(samples, 77) == segments(samples, 512) == segments(samples, 20_000)
    assert len(segments(samples)) == 2


def test_the_name_of_version_0_1_still_works():
    options = PluginManager().stages["energy_vad"].spec.options

    assert options.model_validate({"release_db": 3}).deactivation_threshold_db == 3
