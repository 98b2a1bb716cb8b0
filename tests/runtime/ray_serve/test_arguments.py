import inspect

import pytest
from pydantic import ValidationError

from speaker_tracker.ray_serve import ApplicationArguments, application
from speaker_tracker.ray_serve.front_end import front_end_settings
from speaker_tracker.settings import DEFAULT_STAGES, PREFIX, SettingsError

BY_RAY = ["ray_embedding" if name == "speechbrain_embedding" else name for name in DEFAULT_STAGES]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    monkeypatch.delenv(f"{PREFIX}STAGES", raising=False)


def options(deployed, name):
    nodes = {deployed._bound_deployment.name: deployed._bound_deployment}
    for bound in deployed._bound_deployment.init_args:
        nodes[bound._bound_deployment.name] = bound._bound_deployment
    return nodes[name]


def test_ray_embedding_takes_the_place_of_the_embedding_stage():
    assert front_end_settings({}, "speechbrain_embedding").stages == BY_RAY
    assert front_end_settings({"stages": ["frame_decoder", "onnx_embedding"]}, "onnx_embedding").stages[1] == "ray_embedding"


def test_a_chain_that_names_ray_embedding_is_left_as_it_is():
    assert front_end_settings({"stages": BY_RAY}, "onnx_embedding").stages == BY_RAY


def test_a_chain_without_the_embedding_stage_is_refused():
    with pytest.raises(SettingsError, match=r"has no 'onnx_embedding' whose place 'ray_embedding' could take; .*embedding_stage"):
        front_end_settings({}, "onnx_embedding")


def test_serve_finds_the_type_that_arguments_of_a_configuration_are_made_into():
    (parameter,) = inspect.signature(application).parameters.values()
    assert parameter.annotation is ApplicationArguments


def test_settings_that_are_wrong_fail_the_deployment():
    with pytest.raises(SettingsError, match="MAX_SESSIONS"):
        application(ApplicationArguments(settings={"max_sessions": 0}))


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"embeding_stage": "x"}, "embeding_stage"),
        ({"voice_model": {"min_replicas": 3, "max_replicas": 2}}, r"min_replicas \(3\) must not be above max_replicas \(2\)"),
        ({"voice_model": {"max_batch_windows": 8}}, "max_batch_windows"),
        ({"front_end": {"num_cpus": -1}}, "num_cpus"),
    ],
)
def test_wrong_arguments_are_named(arguments, what):
    with pytest.raises(ValidationError, match=what):
        ApplicationArguments.model_validate(arguments)


def test_a_front_end_is_sent_a_few_requests_more_than_sessions_and_drains_as_long_as_a_session_may_take():
    deployed = application(ApplicationArguments(settings={"max_sessions": 10, "max_session_seconds": 600, "grace_seconds": 5}))
    front_end = options(deployed, "FrontEnd")
    assert front_end.max_ongoing_requests == 26
    assert front_end._deployment_config.graceful_shutdown_timeout_s == 605
    assert front_end._deployment_config.autoscaling_config.target_ongoing_requests == pytest.approx(7)


def test_replicas_run_where_their_resources_are():
    arguments = {"voice_model": {"num_cpus": 2, "num_gpus": 1, "resources": {"voice": 1}}, "front_end": {"drain_seconds": 60}}
    deployed = application(ApplicationArguments.model_validate(arguments))
    assert options(deployed, "VoiceModel").ray_actor_options == {"num_cpus": 2, "num_gpus": 1, "resources": {"voice": 1}}
    assert options(deployed, "FrontEnd")._deployment_config.graceful_shutdown_timeout_s == 60


def test_only_what_concerns_the_model_changes_its_replicas_and_its_configuration():
    def bound(**settings):
        deployed = application(ApplicationArguments(settings=settings))
        return options(deployed, "VoiceModel").init_args

    assert bound(max_sessions=3, stage_options={"silero_vad": {"threshold": 0.6}}) == bound()
    settings, stage, configuration = bound(stage_options={"speechbrain_embedding": {"hop_ms": 500}})
    assert settings == {"stage_options": {"speechbrain_embedding": {"hop_ms": 500}}}
    assert stage == "speechbrain_embedding"
    assert configuration != bound()[2]
