"""What docs/stages.md says is complete and works as it stands there."""

import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

from speaker_tracker import events, hookspecs, testing
from speaker_tracker.observer import HttpAnswer, Observer, ObserverSpec, ServerProcessInfo
from speaker_tracker.observers import configure_observers, load_observers
from speaker_tracker.plugins import BUILTIN_PLUGINS, PluginManager
from speaker_tracker.stage import LoadedStage, Stage, StageSpec

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "stages.md").read_text(encoding="utf-8")
PLUGINS = PluginManager()
STAGES = PLUGINS.stages
HOOKS = [name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), "speaker_tracker_spec")]
EVENTS = [name for name in events.__all__ if name not in ("Event", "SAMPLE_RATE")]


def rows(under):
    """The cells of the table rows below a heading."""
    (part,) = re.findall(rf"^#+ {re.escape(under)}\n(.*?)(?=^#|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|")]


def test_every_hook_is_there():
    assert HOOKS
    assert {f"`{name}`" for name in HOOKS} <= {row[0] for row in rows("Hooks")}


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_and_each_of_its_fields_is_there(name):
    kind = getattr(events, name)
    line = next((" ".join(row) for row in rows("Events") if f"`{name}`" in " ".join(row[:1])), None) or TEXT
    assert f"`{name}`" in line
    for field in kind.__dataclass_fields__:
        assert f"`{field}`" in line, field


@pytest.mark.parametrize("name", EVENTS)
def test_who_produces_an_event_is_there(name):
    producers = {stage for stage, provided in STAGES.items() if getattr(events, name) in provided.spec.produces}
    named = next((row[2] for row in rows("Events") if row[0] == f"`{name}`"), "")
    assert {f"`{producer}`" for producer in producers} == set(re.findall(r"`\w+`", named))


@pytest.mark.parametrize("provided", [*STAGES.values(), *PLUGINS.observers.values()], ids=lambda provided: provided.spec.name)
def test_every_option_is_there_with_its_default(provided):
    name, fields = provided.spec.name, provided.spec.options.model_fields
    options = {(f"`{option}`", f"`{field.default}`", field.description) for option, field in fields.items()}
    assert {tuple(row) for row in rows(f"`{name}`")} - {("option", "default", ""), ("---", "---", "---")} == options


@pytest.mark.parametrize("method", [name for name in vars(Stage) if not name.startswith("_")])
def test_every_method_of_a_stage_is_there(method):
    assert f"`{method}(" in TEXT


@pytest.mark.parametrize("method", [name for name in vars(Observer) if not name.startswith("_")])
def test_every_method_of_an_observer_is_there_with_its_arguments(method):
    documented = " ".join(row[0] for row in rows("Observers"))
    arguments = [name for name in inspect.signature(getattr(Observer, method)).parameters if name != "self"]
    assert f"`{method}({', '.join(arguments)})`" in documented


def test_what_an_observer_s_specification_answer_and_process_have_is_there():
    (part,) = re.findall(r"^### Observers\n(.*?)^## ", TEXT, re.DOTALL | re.MULTILINE)
    for name in (*ObserverSpec.__dataclass_fields__, *HttpAnswer.__dataclass_fields__):
        assert f"`{name}`" in part, name
    started = next(row[1] for row in rows("Observers") if row[0] == "`started(process)`")
    for name in ServerProcessInfo.__dataclass_fields__:
        assert f"`{name}`" in started, name


def test_the_example_of_an_observer_works(caplog):
    (example,) = (block for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "ObserverSpec(" in block)
    plugin = ModuleType("late_plugin")
    exec(compile(example, "docs/stages.md", "exec"), vars(plugin))
    plugins = PluginManager(blocked=BUILTIN_PLUGINS)
    plugins.register(plugin, "late_plugin")
    late = load_observers(configure_observers(plugins, ["late"], {"late": {"seconds": "0.5"}}))

    late.audio_handled(2.0, 0.4)
    late.audio_handled(2.0, 0.6)

    assert [record.getMessage() for record in caplog.records] == ["2.0 s of audio took 0.6 s"]


def test_what_a_specification_and_a_loaded_stage_have_is_there():
    for name in (*StageSpec.__dataclass_fields__, *LoadedStage.__dataclass_fields__):
        assert f"`{name}`" in TEXT, name
    assert {"check_stage", "run_stage", "sample_events", "StageViolation"} <= set(testing.__all__)


def test_the_example_of_testing_works(capsys):
    (example,) = (block for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "check_stage" in block)
    exec(compile(example, "docs/stages.md", "exec"), {})
    assert re.fullmatch(r"\[[\d., ]+\]\n", capsys.readouterr().out)


@pytest.mark.parametrize("page", ["docs/assigner.md", "docs/stages.md", "docs/metrics.md", "plugins/template/README.md"])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target
