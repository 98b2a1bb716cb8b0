"""What docs/stages.md says is complete and works as it stands there."""

import inspect
import json
import re
import subprocess
import sys
from collections import Counter
from types import ModuleType

import numpy as np
import pytest

from speaker_tracker import events, hookspecs, stagekit, testing
from speaker_tracker.engine.observers import configure_observers, load_observers
from speaker_tracker.engine.plugins import BUILTIN_PLUGINS, PluginManager
from speaker_tracker.observer import HttpAnswer, Observer, ObserverSpec, ServerProcessInfo
from speaker_tracker.settings import Settings
from speaker_tracker.stage import LoadedStage, Stage, StageSpec
from speaker_tracker.testing import check_stage
from support.known_conversation import DATA, read_conversation
from support.pages import ROOT, block, section, text_of
from support.pages import rows as rows_of
from support.plugin_install import install, speaker_tracker

TEXT = text_of("docs/stages.md")
PLUGINS = PluginManager()
STAGES = PLUGINS.stages
DEFAULT_STAGES = Settings.model_fields["stages"].default
HOOKS = [name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), "speaker_tracker_spec")]
EVENTS = [name for name in events.__all__ if name not in ("Event", "SAMPLE_RATE")]


def rows(under):
    """The cells of the table rows below a heading."""
    return rows_of(section(TEXT, under))


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
    assert {tuple(row) for row in rows(f"`{name}`")} == options


def test_every_stage_is_in_one_of_the_tables():
    tables = rows("In short")
    listed = {name for cells in tables for name in re.findall(r"`(\w+)`", cells[0])}
    assert listed == set(STAGES)
    assert [cells[0].strip("`") for cells in tables][: len(DEFAULT_STAGES)] == list(DEFAULT_STAGES)


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
    example = block(TEXT, "python", "ObserverSpec(")
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
    example = block(TEXT, "python", "check_stage")
    exec(compile(example, "docs/stages.md", "exec"), {})
    assert re.fullmatch(r"\[[\d., ]+\]\n", capsys.readouterr().out)


# -- the stage kit ---------------------------------------------------------------------------------------------------------------


def public_parts(part):
    """The names of what a public name of the stage kit takes and offers: arguments, fields, methods."""
    if not inspect.isclass(part):
        return set(inspect.signature(part).parameters)
    own = {name for name in vars(part) if not name.startswith("_") and name != "model_config"}
    arguments = set(inspect.signature(part).parameters) - {"self", "args", "kwargs", "data"}
    return own | arguments | set(getattr(part, "model_fields", ()))


@pytest.mark.parametrize("name", stagekit.__all__)
def test_everything_in_the_stage_kit_is_there_with_what_it_takes_and_offers(name):
    (row,) = [cells for cells in rows("The stage kit") if f"`{name}`" in cells[0]]
    code = {word for each in re.findall(r"`([^`]+)`", row[1]) for word in re.findall(r"\w+", each)}
    assert public_parts(getattr(stagekit, name)) <= code


# -- examples of stages ----------------------------------------------------------------------------------------------------------

PITCH = block(TEXT, "python", "class PitchVad(")
BAND = block(TEXT, "python", "class BandNetwork")
MODEL = block(TEXT, "python", "savez")
TAIL = ["kmeans_assigner", "timing_aggregator", "reporter"]


def spec_of(example):
    namespace = {"__name__": "example"}
    exec(compile(example, "docs/stages.md", "exec"), namespace)
    (spec,) = namespace["speaker_tracker_stages"]()
    return spec


def installed(folder, name, example):
    project = f'[project]\nname = "{name}"\nversion = "1.0"\n\n[project.entry-points."speaker_tracker.stages"]\n{name} = "{name}"\n'
    return install(folder, example, project)


def tracked(plugins, model, *chain):
    """How much of the dialogue a chain with stages of the folder ``plugins`` labels as the reference does, 0 to 1."""
    audio = DATA / "dialogue.flac"
    settings = {"STAGES": ",".join(chain), "STAGE_OPTIONS__BAND_EMBEDDING__FOLDER": str(model)}
    done = speaker_tracker("diarize", audio, "--json", plugins=plugins, **settings)
    assert done.returncode == 0, done.stderr
    truth = read_conversation(audio, DATA / "dialogue.rttm").speakers
    heard = np.zeros_like(truth)
    for segment in json.loads(done.stdout)["segments"]:
        heard[segment["speakerId"], 16 * segment["startMs"] : 16 * segment["endMs"]] = True
    return (truth == heard).all(axis=0).mean()


@pytest.fixture(scope="module")
def band_model(tmp_path_factory):
    """The model that the script makes, as it stands there."""
    folder = tmp_path_factory.mktemp("band")
    (folder / "tests").symlink_to(ROOT / "tests")
    subprocess.run([sys.executable, "-c", MODEL], cwd=folder, check=True, capture_output=True, timeout=120)
    return folder / "band-model"


@pytest.mark.parametrize(("example", "lines"), [(PITCH, 50), (BAND, 40), (MODEL, 40)], ids=["detector", "embedding", "model"])
def test_an_example_is_short(example, lines):
    assert len([line for line in example.splitlines() if line.strip()]) <= lines


@pytest.mark.parametrize("example", [PITCH, BAND, MODEL], ids=["detector", "embedding", "model"])
def test_what_an_example_imports_of_the_stage_kit_is_public(example):
    names = re.findall(r"from speaker_tracker\.stagekit import (.*)", example)
    assert names
    assert {name.strip() for line in names for name in line.split(",")} <= set(stagekit.__all__)


def test_the_example_of_a_detector_keeps_the_contract():
    check_stage(spec_of(PITCH), minutes=2)


def test_the_example_of_a_detector_finds_the_speech_of_the_dialogue(tmp_path, band_model):
    for name, example in (("pitch_vad", PITCH), ("band_embedding", BAND)):  # both, as neither loads PyTorch
        installed(tmp_path, name, example)
    assert tracked(tmp_path, band_model, "frame_decoder", "pitch_vad", "band_embedding", *TAIL) > 0.9


def test_the_example_of_an_embedding_model_keeps_the_contract(band_model):
    check_stage(spec_of(BAND), options={"folder": band_model}, minutes=2)


def test_the_example_of_an_embedding_model_tells_the_voices_of_the_dialogue_apart(tmp_path, band_model):
    installed(tmp_path, "band_embedding", BAND)
    assert tracked(tmp_path, band_model, "frame_decoder", "energy_vad", "band_embedding", *TAIL) > 0.9


def test_the_example_of_an_embedding_model_loads_once_and_answers_sessions_in_one_call(band_model):
    loaded = spec_of(BAND).load(spec_of(BAND).options(folder=band_model))
    rng = np.random.default_rng(0)
    windows = [stagekit.Window(0, 1, 0, 24_000, 24_000, rng.normal(0, 0.1, 24_000).astype(np.float32)) for _ in range(3)]
    queries = [stagekit.VoiceQuery([window], None) for window in windows]
    calls = Counter(len(answer.vectors) for answer in loaded.infer(queries))
    assert calls == {1: 3}
    assert all(np.linalg.norm(answer.vectors[0]) == pytest.approx(1, abs=1e-4) for answer in loaded.infer(queries))


def test_the_example_of_an_embedding_model_says_what_is_wrong_with_its_folder(tmp_path):
    done = speaker_tracker(
        "diarize",
        DATA / "dialogue.flac",
        plugins=installed(tmp_path, "band_embedding", BAND),
        folder=tmp_path,
        STAGES=",".join(["frame_decoder", "energy_vad", "band_embedding", *TAIL]),
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "band-model" in done.stderr
