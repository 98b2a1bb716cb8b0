from dataclasses import dataclass
from typing import Annotated

import pytest
from pydantic import Field, model_validator

from speaker_tracker.engine.chain import Chain, ChainError, configure
from speaker_tracker.engine.pipeline import Pipeline, StageFailure
from speaker_tracker.engine.plugins import BUILTIN_PLUGINS, PluginManager
from speaker_tracker.events import (
    AudioBlock,
    ClientMessage,
    Event,
    PcmReceived,
    SpeakersNamed,
    SpeechAudio,
    VoiceModel,
    VoiceprintsMade,
)
from speaker_tracker.hookspecs import hookimpl
from speaker_tracker.stage import LoadedStage, SessionInfo, StageLoadError, StageOptions, StageSpec, StatelessStage


@dataclass(frozen=True, slots=True)
class Unheard(Event):
    """What no stage produces."""


class VadOptions(StageOptions):
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    release: float = 0.3

    @model_validator(mode="after")
    def _release_is_lower(self):
        if self.release > self.threshold:
            raise ValueError("release must not exceed threshold")
        return self


class PassOn(StatelessStage):
    def feed(self, event):
        return [event]


def spec(name, consumes, produces, load=None, **others):
    return StageSpec(
        name=name,
        summary="",
        consumes=frozenset(consumes),
        produces=frozenset(produces),
        load=load or (lambda _: LoadedStage(open=lambda _: PassOn())),
        **others,
    )


def failing(error):
    def load(_):
        raise error

    return load


class Stages:
    @hookimpl
    def speaker_tracker_stages(self):
        return [
            spec("decoder", [PcmReceived], [AudioBlock]),
            spec("loud_vad", [AudioBlock], [SpeechAudio], options=VadOptions),
            spec("quiet_vad", [AudioBlock], [SpeechAudio], cpu_heavy=True),
            spec("reporter", [SpeechAudio], [ClientMessage]),
            spec("mystic", [Unheard], [ClientMessage]),
            spec("unloadable", [PcmReceived], [ClientMessage], load=failing(StageLoadError("its weights are not there"))),
            spec("clumsy", [PcmReceived], [ClientMessage], load=failing(ZeroDivisionError("division by zero"))),
            spec("needy", [PcmReceived], [ClientMessage], load=failing(ImportError("No module named 'onnxruntime'"))),
        ]


ALL = "decoder, loud_vad, quiet_vad, reporter, mystic, unloadable, clumsy, needy"
GOOD = ["decoder", "loud_vad", "reporter"]


@pytest.fixture
def plugins():
    manager = PluginManager(blocked=BUILTIN_PLUGINS)
    manager.register(Stages(), "acme")
    return manager


def sentence(plugins, names, options=None):
    with pytest.raises(ChainError) as raised:
        Chain(configure(plugins, names, options or {}))
    return str(raised.value)


def test_a_good_chain_is_in_the_order_given_with_options_validated(plugins):
    configured = configure(plugins, GOOD, {"loud_vad": {"threshold": "0.7"}})
    assert [stage.name for stage in configured] == GOOD
    assert configured[1].options == VadOptions(threshold=0.7)


def test_options_of_a_stage_that_is_not_in_the_chain_are_no_error(plugins):
    configure(plugins, ["decoder", "quiet_vad", "reporter"], {"loud_vad": {"threshold": "0.7"}})


def test_wrong_options_of_a_stage_that_is_not_in_the_chain_are_reported(plugins):
    assert "option 'threshold' of stage 'loud_vad'" in sentence(
        plugins, ["decoder", "quiet_vad", "reporter"], {"loud_vad": {"threshold": "abc"}}
    )


def test_an_unknown_stage_is_named_with_what_it_may_mean(plugins):
    assert sentence(plugins, ["decoder", "mystik", "reporter"]) == (
        f"SPEAKER_TRACKER_STAGES names an unknown stage 'mystik'; did you mean 'mystic'? stages on offer: {ALL}"
    )


def test_options_of_an_unknown_stage_are_not_lost(plugins):
    assert sentence(plugins, GOOD, {"xyz": {"a": 1}}) == (
        f"SPEAKER_TRACKER_STAGE_OPTIONS sets options of an unknown stage 'xyz'; stages on offer: {ALL}"
    )


def test_an_unknown_option_is_named_with_those_there_are(plugins):
    assert sentence(plugins, GOOD, {"loud_vad": {"treshold": 1}}) == (
        "stage 'loud_vad' has no option 'treshold' (set by SPEAKER_TRACKER_STAGE_OPTIONS__LOUD_VAD__TRESHOLD); "
        "its options: threshold, release"
    )


def test_an_option_of_a_stage_without_options_is_reported(plugins):
    assert sentence(plugins, GOOD, {"decoder": {"a": 1}}).endswith("its options: none")


def test_a_wrong_value_is_named_with_its_setting(plugins):
    assert sentence(plugins, GOOD, {"loud_vad": {"threshold": 1.5}}) == (
        "option 'threshold' of stage 'loud_vad' (set by SPEAKER_TRACKER_STAGE_OPTIONS__LOUD_VAD__THRESHOLD) cannot be 1.5: "
        "Input should be less than or equal to 1"
    )


def test_options_that_do_not_fit_together_are_reported(plugins):
    assert sentence(plugins, GOOD, {"loud_vad": {"release": 0.9}}) == (
        "options of stage 'loud_vad' do not fit together: Value error, release must not exceed threshold"
    )


def test_an_empty_chain_names_the_default():
    assert sentence(PluginManager(blocked=BUILTIN_PLUGINS), []).startswith(
        "SPEAKER_TRACKER_STAGES names no stage; the default is frame_decoder, silero_vad,"
    )


def test_a_stage_can_stand_in_a_chain_once(plugins):
    assert sentence(plugins, ["decoder", "decoder"]) == (
        "SPEAKER_TRACKER_STAGES names stage 'decoder' twice; a stage can stand in a chain once"
    )


def test_an_event_that_no_earlier_stage_produces_is_reported_with_stages_that_do(plugins):
    assert sentence(plugins, ["decoder", "reporter", "loud_vad"]) == (
        "stage 'reporter' consumes SpeechAudio, which nothing before it in SPEAKER_TRACKER_STAGES produces; "
        "put one of these before 'reporter': loud_vad, quiet_vad"
    )


def test_an_event_that_no_stage_produces_is_reported(plugins):
    assert sentence(plugins, ["decoder", "mystic"]) == (
        "stage 'mystic' consumes Unheard, which nothing before it in SPEAKER_TRACKER_STAGES produces; no stage on offer produces it"
    )


def test_a_chain_that_never_tells_anything_is_refused(plugins):
    assert sentence(plugins, ["decoder", "loud_vad"]) == (
        "no stage in SPEAKER_TRACKER_STAGES produces ClientMessage, so clients would never hear anything; "
        "put one of these after 'loud_vad': reporter, mystic, unloadable, clumsy, needy"
    )


def test_a_stage_that_cannot_be_loaded_says_why(plugins):
    assert sentence(plugins, ["unloadable"]) == "stage 'unloadable' cannot be loaded: its weights are not there"


def test_a_stage_whose_package_is_missing_names_its_provider(plugins):
    assert sentence(plugins, ["needy"]) == (
        "stage 'needy' needs a package that is not installed or does not load: No module named 'onnxruntime'; "
        "install what acme asks for or take the stage out of SPEAKER_TRACKER_STAGES"
    )


def test_a_chain_is_cpu_heavy_where_one_stage_is(plugins):
    assert not Chain(configure(plugins, GOOD, {})).cpu_heavy
    assert Chain(configure(plugins, ["decoder", "quiet_vad", "reporter"], {})).cpu_heavy


def test_a_stage_is_loaded_once_and_opened_for_every_session():
    calls = []

    def load(_):
        calls.append("load")
        return LoadedStage(open=lambda session: calls.append(session.session_id) or PassOn(), info={"model": "tiny"})

    class Counting:
        @hookimpl
        def speaker_tracker_stages(self):
            return [spec("counting", [PcmReceived], [ClientMessage], load=load)]

    manager = PluginManager(blocked=BUILTIN_PLUGINS)
    manager.register(Counting(), "acme")
    chain = Chain(configure(manager, ["counting"], {}))
    assert isinstance(chain.open(SessionInfo("a", 2)), Pipeline)
    chain.open(SessionInfo("b", 2))
    assert calls == ["load", "a", "b"]
    assert chain.info == {"counting": {"model": "tiny"}}


@pytest.mark.parametrize(
    ("produced", "model", "found"),
    [
        ([SpeakersNamed, VoiceprintsMade], VoiceModel("tiny", 4, 0.4, 1.5), "tiny"),
        ([SpeakersNamed], VoiceModel("tiny", 4, 0.4, 1.5), None),
        ([SpeakersNamed, VoiceprintsMade], None, None),
    ],
)
def test_a_chain_recognizes_voices_where_it_has_a_model_and_tells_of_them(produced, model, found):
    class Voices:
        @hookimpl
        def speaker_tracker_stages(self):
            load = lambda _: LoadedStage(open=lambda _: PassOn(), voice_model=model)  # noqa: E731
            return [spec("voices", [PcmReceived], [ClientMessage, *produced], load=load)]

    manager = PluginManager(blocked=BUILTIN_PLUGINS)
    manager.register(Voices(), "acme")
    known = Chain(configure(manager, ["voices"], {})).voice_model
    assert (known and known.name) == found


def test_an_absorbed_event_is_not_available_to_later_stages(plugins):
    class Replacing:
        @hookimpl
        def speaker_tracker_stages(self):
            return [
                spec("mixer", [AudioBlock], [SpeechAudio], absorbs=frozenset({AudioBlock})),
                spec("late", [AudioBlock], [ClientMessage]),
            ]

    plugins.register(Replacing(), "umbrella")

    assert configure(plugins, ["decoder", "late"], {})
    assert sentence(plugins, ["decoder", "mixer", "late"]) == (
        "stage 'late' consumes AudioBlock, which nothing before it in SPEAKER_TRACKER_STAGES passes on: 'mixer' takes it in and "
        "replaces it; put one of these before 'late': decoder"
    )


def test_a_loader_that_fails_in_its_own_way_is_named(plugins):
    assert sentence(plugins, ["clumsy"]) == (
        "stage 'clumsy' of acme cannot be loaded: ZeroDivisionError: division by zero; "
        "mend it or take it out of SPEAKER_TRACKER_STAGES"
    )


def test_a_stage_that_cannot_be_opened_is_named(plugins):
    class Unopened:
        @hookimpl
        def speaker_tracker_stages(self):
            return [spec("shut", [PcmReceived], [ClientMessage], load=lambda _: LoadedStage(open=failing(KeyError("x"))))]

    plugins.register(Unopened(), "umbrella")

    with pytest.raises(StageFailure, match="stage 'shut' failed"):
        Chain(configure(plugins, ["shut"], {})).open(SessionInfo("test", 2))


def test_closing_a_chain_lets_every_loaded_stage_go(plugins, caplog):
    closed = []

    class Closing:
        @hookimpl
        def speaker_tracker_stages(self):
            def load(_):
                return LoadedStage(open=lambda _: PassOn(), close=lambda: closed.append("closed") or failing(OSError())(None))

            return [spec("first", [PcmReceived], [AudioBlock], load=load), spec("second", [AudioBlock], [ClientMessage], load=load)]

    plugins.register(Closing(), "umbrella")
    Chain(configure(plugins, ["first", "second"], {})).close()

    assert closed == ["closed", "closed"]
    assert "stage 'first' failed to close" in caplog.text


def test_an_opened_chain_tells_the_time_of_the_stages_that_read_something(plugins):
    took = []

    class Listening:
        @hookimpl
        def speaker_tracker_stages(self):
            return [
                spec("listener", [AudioBlock], [], may_consume=frozenset({PcmReceived})),
                spec("last", [PcmReceived], [ClientMessage]),
            ]

    plugins.register(Listening(), "listening")
    chain = Chain(configure(plugins, ["decoder", "loud_vad", "listener", "last"], {}))
    chain.open(SessionInfo("a", 2), on_stage_time=lambda name, _seconds: took.append(name)).feed(PcmReceived(b""))

    assert took == ["decoder", "listener", "last"]


def test_counters_are_those_of_the_stages_that_have_any(plugins, caplog):
    lost = iter(range(10))

    def counted(counters):
        return lambda _options: LoadedStage(open=lambda _session: PassOn(), counters=counters)

    class Counting:
        @hookimpl
        def speaker_tracker_stages(self):
            return [
                spec("counts", [AudioBlock], [SpeechAudio], load=counted(lambda: {"lost": next(lost)})),
                spec("fails", [AudioBlock], [SpeechAudio], load=counted(lambda: failing(OSError("no totals"))(None))),
            ]

    plugins.register(Counting(), "umbrella")
    chain = Chain(configure(plugins, ["decoder", "counts", "fails", "reporter"], {}))

    assert [chain.counters, chain.counters] == [{"counts": {"lost": 0}}, {"counts": {"lost": 1}}]
    assert [record.getMessage() for record in caplog.records] == ["stage 'fails' failed to give its counters; that is logged once"]
