import numpy as np
import pytest

from speaker_tracker_stages.silero_vad.model import CONTEXT, FRAME, STATE_SHAPE, SileroModel, SpeechQuery
from speaker_tracker_stages.silero_vad.onnx_backend import OnnxNetwork
from speaker_tracker_stages.silero_vad.torch_backend import TorchNetwork


@pytest.fixture(scope="module", params=[TorchNetwork, OnnxNetwork])
def model(request):
    return SileroModel(request.param())


def query(samples, audible=None):
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(samples, (CONTEXT, 0)), CONTEXT + FRAME)[::FRAME]
    return SpeechQuery(windows, np.ones(len(windows), bool) if audible is None else audible, np.zeros(STATE_SHAPE, np.float32))


def test_queries_of_many_sessions_in_one_call_give_what_each_gives_alone(model, dialogue):
    spans = [(0, 4096), (30_000, 1024), (60_000, 512), (90_000, 20_480)]
    queries = [query(dialogue.samples[start : start + length]) for start, length in spans]

    for one, result in zip(queries, model.infer(queries), strict=True):
        (alone,) = model.infer([one])
        assert np.allclose(result.probabilities, alone.probabilities, atol=1e-5)
        assert np.allclose(result.state, alone.state, atol=1e-4)


def test_a_frame_that_is_not_audible_is_no_speech_and_resets_the_state(model, dialogue):
    samples = dialogue.samples[: 40 * FRAME]
    audible = np.arange(40) != 20
    (with_gap,), (behind,) = model.infer([query(samples, audible)]), model.infer([query(samples)])
    (anew,) = model.infer([SpeechQuery(query(samples).frames[21:], np.ones(19, bool), np.zeros(STATE_SHAPE, np.float32))])

    assert with_gap.probabilities[20] == 0
    assert np.allclose(with_gap.probabilities[:20], behind.probabilities[:20], atol=1e-6)
    assert np.allclose(with_gap.probabilities[21:], anew.probabilities, atol=1e-6)
