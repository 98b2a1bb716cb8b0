"""docs/ray.md has every argument of the Serve application with its default, and says of files and stages what there is."""

import re

import pytest

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.ray_serve import ApplicationArguments, FrontEndArguments, VoiceModelArguments, application
from speaker_tracker.ray_serve.arguments import Replicas
from support.pages import ROOT, block, rows, section, text_of

TEXT = text_of("docs/ray.md")


def documented():
    found = {}
    for names, defaults, _ in rows(section(TEXT, "Arguments")):
        given = re.findall(r"`([^`]*)`", defaults) or [""] * len(re.findall(r"`", names))
        found |= dict(zip(re.findall(r"`([^`]*)`", names), given, strict=False))
    return found


@pytest.mark.parametrize("model", [ApplicationArguments, Replicas, FrontEndArguments, VoiceModelArguments])
def test_every_argument_is_there_with_its_default(model):
    for name, field in model.model_fields.items():
        default = "" if isinstance(field.default, Replicas) else str(field.default)
        assert documented()[name] == default, name


def test_no_argument_is_there_that_does_not_exist():
    models = (ApplicationArguments, FrontEndArguments, VoiceModelArguments)
    assert documented().keys() == {name for model in models for name in model.model_fields}


def test_the_example_of_a_program_makes_the_application(monkeypatch):
    monkeypatch.delenv("SPEAKER_TRACKER_STAGES", raising=False)
    ran = []
    monkeypatch.setattr("ray.serve.run", lambda made, name: ran.append((made, name)))
    exec(compile(block(TEXT, "python", "serve.run"), "docs/ray.md", "exec"), {})
    ((made, name),) = ran
    assert type(made) is type(application(ApplicationArguments()))
    assert name == "speaker-tracker"


def test_deployments_and_counters_are_called_as_they_are():
    for module in ("front_end", "voice_model"):
        source = (ROOT / "runtime" / "speaker_tracker" / "ray_serve" / f"{module}.py").read_text(encoding="utf-8")
        (name,) = re.findall(r'^NAME = "(.*)"$', source, re.MULTILINE)
        assert f"`{name}`" in TEXT
    options = PluginManager().stages["ray_embedding"].spec.options.model_fields
    assert {"timeout_seconds"} == {name for name in options if f"`{name}` of `ray_embedding`" in TEXT}
    remote = (ROOT / "plugins" / "speaker_tracker_plugins" / "ray_embedding" / "remote_model.py").read_text(encoding="utf-8")
    assert "within the next two seconds" in re.sub(r"\s+", " ", TEXT)
    assert "GIVEN_UP_SECONDS = 2.0" in remote
    for counter in ("calls", "repeated_calls", "failed_calls"):
        assert f'"{counter}": 0' in remote
        assert f"`{counter}`" in TEXT


def test_the_figures_are_as_the_script_prints_them():
    script = (ROOT / "scripts" / "ray_overhead.py").read_text(encoding="utf-8")
    for line in block(TEXT, "", "windows of a call").splitlines()[:2]:
        assert f'"{line}"' in script
