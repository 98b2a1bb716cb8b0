import numpy as np

from speaker_tracker_stages.speechbrain_embedding.onnx_export.probe_audio import WINDOW_SAMPLES, probe_windows


def test_probe_audio_is_the_same_every_time_loud_and_within_range():
    for first, again, length in zip(probe_windows(), probe_windows(), WINDOW_SAMPLES, strict=True):
        assert np.array_equal(first, again)
        assert first.shape[0] > 10
        assert first.shape[1] == length
        assert np.abs(first).max() <= 1
        assert np.sqrt(np.square(first).mean(axis=1)).min() > 0.02
