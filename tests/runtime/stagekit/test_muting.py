import numpy as np

from speaker_tracker.stagekit.muting import MUTED_PEAK, MutedMicrophone

LOUD, MUTED = np.full((1, 4), 0.1, np.float32), np.full((1, 4), MUTED_PEAK, np.float32)


def test_so_many_muted_frames_in_a_row_are_heard_and_no_more():
    frames = np.concatenate([LOUD, *[MUTED] * 4, LOUD, MUTED])

    assert MutedMicrophone(2).audible(frames).tolist() == [True, True, True, False, False, True, True]


def test_frames_are_counted_from_call_to_call():
    microphone = MutedMicrophone(2)

    assert [microphone.audible(MUTED)[0] for _ in range(4)] == [True, True, False, False]
