"""Stages that run the plain way, or are marked, within a server's chain."""

import threading

import numpy as np
import pytest

from speaker_tracker import hookimpl
from speaker_tracker.benchmark import server_plugin
from speaker_tracker.benchmark.comparison import plain_overrides
from speaker_tracker.benchmark.marks import STAGE_OF_THREAD, marked, with_marks
from speaker_tracker.benchmark.plain import PLAIN_OPTIONS, PLAIN_STAGES, OneAtATime, without_batches
from speaker_tracker.benchmark.server_plugin import MARKED, PLAIN, own_name
from speaker_tracker.engine.chain import Chain, configure
from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.events import ClientMessage, PcmReceived
from speaker_tracker.protocol import SpeakerMessage
from speaker_tracker.settings import Settings
from speaker_tracker.stage import Inference, LoadedStage, SessionInfo, StageSpec, StatelessStage


class Asking(StatelessStage):
    """Asks the model twice of each frame; answers say which stage the thread was marked with."""

    def feed(self, event):  # noqa: ARG002 - whatever comes
        self.seen.append(("feed", STAGE_OF_THREAD.get(threading.get_ident())))
        for number in (1, 2):
            yield Inference(number, self.answer)

    def __init__(self, seen):
        self.seen = seen

    def answer(self, result):
        self.seen.append(("then", STAGE_OF_THREAD.get(threading.get_ident())))
        yield ClientMessage(SpeakerMessage(currentSpeakerId=result, speakingTimeMs={}))


@pytest.fixture
def asking():
    """A stage that asks its model, the calls that the model gets, and what is seen in each."""
    seen, batches = [], []

    def infer(inputs):
        seen.append(("infer", STAGE_OF_THREAD.get(threading.get_ident())))
        batches.append(list(inputs))
        return [10 * each for each in inputs]

    loaded = LoadedStage(open=lambda _: Asking(seen), infer=infer)
    flow = {"consumes": frozenset({PcmReceived}), "produces": frozenset({ClientMessage})}
    return StageSpec(name="asking", summary="", load=lambda _: loaded, **flow), seen, batches


def heard(spec):
    class Plugin:
        @hookimpl
        def speaker_tracker_stages(self):
            return [spec]

    plugins = PluginManager()
    plugins.register(Plugin(), "asking_plugin")
    chain = Chain(configure(plugins, [spec.name], {}))
    pipeline = chain.open(SessionInfo("x", 2))
    events = pipeline.feed(PcmReceived(b"\0\0"))
    pipeline.flush()
    pipeline.close()
    chain.close()
    return [event.message.currentSpeakerId for event in events if isinstance(event, ClientMessage)]


def test_a_plain_stage_calls_its_model_once_for_each_input(asking):
    spec, _, batches = asking
    assert heard(without_batches(spec, "plain_asking")) == [10, 20]
    assert batches == [[1], [2]]


def test_the_same_stage_as_it_is_may_share_a_call(asking):
    spec, seen, batches = asking
    assert heard(spec) == [10, 20]
    assert batches == [[1, 2]]
    assert {stage for _, stage in seen} == {None}


def test_a_marked_stage_marks_its_thread_in_its_own_code_and_in_its_model(asking):
    spec, seen, _ = asking
    assert heard(with_marks(spec, "marked_asking")) == [10, 20]
    assert set(seen) == {("feed", "asking"), ("infer", "asking"), ("then", "asking")}
    assert threading.get_ident() not in STAGE_OF_THREAD


def test_marks_nest_and_end_with_an_exception():
    def inner():
        return STAGE_OF_THREAD[threading.get_ident()]

    def outer():
        return marked("inner", inner), inner()

    assert marked("outer", outer) == ("inner", "outer")
    with pytest.raises(ZeroDivisionError):
        marked("failing", lambda: 1 / 0)
    assert threading.get_ident() not in STAGE_OF_THREAD


def test_one_at_a_time_keeps_the_order():
    assert OneAtATime(lambda inputs: [sum(inputs)])([3, 1, 2]) == [3, 1, 2]


def test_the_plugin_offers_those_stages_that_the_chain_names(monkeypatch, clean_environment):  # noqa: ARG001
    assert server_plugin.speaker_tracker_stages() == []
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", "plain_silero_vad,marked_reporter,plain_nothing,frame_decoder")
    assert [spec.name for spec in server_plugin.speaker_tracker_stages()] == ["plain_silero_vad", "marked_reporter"]
    assert [own_name(name) for name in ("plain_silero_vad", "marked_reporter", "reporter")] == [
        "silero_vad",
        "reporter",
        "reporter",
    ]
    assert [spec.name for spec in server_plugin.speaker_tracker_observers()] == ["benchmark_meter"]


@pytest.mark.parametrize("kind", [PLAIN, MARKED])
def test_a_chain_of_such_stages_is_one_that_works(kind, monkeypatch, clean_environment):  # noqa: ARG001
    names = [f"{kind}{name}" for name in Settings.model_fields["stages"].default]
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", ",".join(names))
    plugins = PluginManager()
    plugins.register(server_plugin, "benchmark")
    assert [stage.name for stage in configure(plugins, names, {})] == names


def test_the_plain_way_has_its_options_and_keeps_others(clean_environment):  # noqa: ARG001
    options = {"silero_vad": {"threshold": 0.5, "backend": "onnx"}, "energy_vad": {"threshold_db": 12}}
    overrides = plain_overrides(Settings(stage_options=options))
    assert overrides["batch_wait_ms"] == 0
    assert overrides["stages"] == [f"plain_{name}" for name in Settings.model_fields["stages"].default]
    assert overrides["stage_options"]["plain_silero_vad"] == {"threshold": 0.5, "backend": "torch"}
    assert overrides["stage_options"]["plain_frame_decoder"] == {"block_samples": 512}
    assert overrides["stage_options"]["energy_vad"] == {"threshold_db": 12}


def test_the_plain_way_replaces_exported_models_and_keeps_what_both_have(clean_environment):  # noqa: ARG001
    stages = [PLAIN_STAGES_BACK.get(name, name) for name in Settings.model_fields["stages"].default]
    options = {"onnx_embedding": {"source": "embedded", "precision": "int8", "hop_ms": 300}}
    overrides = plain_overrides(Settings(stages=stages, stage_options=options))
    assert "plain_speechbrain_embedding" in overrides["stages"]
    assert "plain_onnx_embedding" not in overrides["stages"]
    kept = overrides["stage_options"]["plain_speechbrain_embedding"]
    assert kept == {"source": "embedded", "hop_ms": 300, "precision": "float32"}


PLAIN_STAGES_BACK = {plain: original for original, plain in PLAIN_STAGES.items()}


def test_the_plain_options_are_options_of_stages_that_there_are():
    stages = PluginManager().stages
    for name, options in PLAIN_OPTIONS.items():
        assert stages[name].spec.options.model_validate(options)
    assert {*PLAIN_STAGES, *PLAIN_STAGES.values()} <= set(stages)


def test_what_a_marked_stage_object_has_besides_is_that_of_the_stage(asking):
    spec, seen, _ = asking
    loaded = with_marks(spec, "marked_asking").load(None)
    opened = loaded.open(SessionInfo("x", 2))
    assert opened.seen is seen
    assert opened.snapshot() == {}
    opened.restore({})
    opened.close()
    assert np.isfinite(loaded.infer([1])[0])
