import numpy as np

from speaker_tracker_stages.silero_vad.level import QUIETEST_RMS, TARGET_RMS, LevelFollower

NOISE = np.random.default_rng(0).normal(0, 1, 512).astype(np.float32)


def block(rms):
    return (NOISE * rms / np.sqrt(np.mean(np.square(NOISE)))).astype(np.float32)


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples))))


def test_quiet_audio_is_brought_to_the_target_and_loud_audio_is_left_alone():
    assert np.isclose(rms(LevelFollower(31.25).amplified(block(0.01))), TARGET_RMS, rtol=0.01)
    assert np.array_equal(LevelFollower(31.25).amplified(block(0.2)), block(0.2))


def test_silence_is_amplified_by_no_more_than_26_db():
    amplified = LevelFollower(31.25).amplified(block(QUIETEST_RMS / 100))

    assert np.isclose(20 * np.log10(rms(amplified) / (QUIETEST_RMS / 100)), 26, atol=0.1)


def test_what_is_quiet_between_loud_parts_stays_quiet_and_the_level_is_forgotten_in_time():
    follower = LevelFollower(31.25)
    follower.amplified(block(0.05))
    soon = rms(follower.amplified(block(0.005)))
    for _ in range(round(31.25 * 30)):
        late = rms(follower.amplified(block(0.005)))

    assert soon < 0.007
    assert late > 0.05


def test_samples_stay_within_range():
    click = np.zeros(512, np.float32)
    click[7] = 1.0

    assert np.abs(LevelFollower(31.25).amplified(click)).max() <= 1
