"""What docs/models.md says of models is true of those that there are."""

import json
import re
import tomllib

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.events import VoiceCalibration, VoiceModel
from speaker_tracker.models import campplus, list_models, pyannote_segmentation
from speaker_tracker.models.calibration import CALIBRATION
from speaker_tracker.models.catalogue import EMBEDDED, HUB_ID
from speaker_tracker.models.folder import HYPERPARAMS, folder_bytes
from support.pages import ROOT, rows, section, text_of

TEXT = text_of("docs/models.md")
SOURCES = {cells[0]: cells[1:] for cells in rows(section(TEXT, "Models"))}
CHOICE = {cells[0]: cells[1:] for cells in rows(section(TEXT, "Which model for whom"))}


def test_the_sources_are_those_of_the_stage():
    options = PluginManager().stages["speechbrain_embedding"].spec.options.model_fields
    assert {"`embedded`", "`hub`", "a path", f"`{options['source'].default}` (default)"} == set(SOURCES)
    for source in ("auto", "embedded", "hub", "folder"):
        assert source in (options["source"].description or "")


def test_the_embedded_model_is_there_with_its_name_and_size():
    model, size, _ = SOURCES["`embedded`"]
    assert f"`{EMBEDDED.name}`" in model
    assert size == f"{folder_bytes(EMBEDDED) / 1e6:.1f} MB"
    assert f"`{HUB_ID}`" in SOURCES["`hub`"][0]


def test_the_models_to_choose_from_are_the_known_ones_with_their_stages_and_sizes():
    assert len(CHOICE) == len([model for model in list_models(None) if model.name != pyannote_segmentation.NAME])
    stages = PluginManager().stages
    for model in CHOICE.values():
        assert set(re.findall(r"`(\w+)`", model[1])) <= set(stages)
    assert CHOICE[f"`{EMBEDDED.name}`"][3] == f"{folder_bytes(EMBEDDED) / 1e6:.1f} MB"
    assert CHOICE["CAM++"][3].startswith(f"{campplus.WEIGHTS_BYTES / 1e6:.1f} MB")


def test_both_ways_to_get_the_weights_of_campplus_are_there():
    for command in (campplus.FETCH_COMMAND, campplus.INSTALL_COMMAND):
        assert command in section(TEXT, "CAM++")


def test_both_ways_to_get_the_weights_of_segmentation_3_are_there_with_what_the_hub_asks_for():
    told = section(TEXT, "segmentation-3.0")
    for words in (pyannote_segmentation.FETCH_COMMAND, pyannote_segmentation.INSTALL_COMMAND, "HF_TOKEN", "conditions"):
        assert words in told
    assert f"{pyannote_segmentation.WEIGHTS_BYTES / 1e6:.1f} MB" in told


def test_the_files_of_a_model_of_ones_own_are_there():
    own = section(TEXT, "A model of your own")
    for name in (HYPERPARAMS, CALIBRATION):
        assert f"`{name}`" in own


def test_what_calibration_holds_is_all_there():
    told = {name for cells in rows(section(TEXT, "Calibration")) for name in re.findall(r"`(\w+)`", cells[0])}
    assert told == set(json.loads((EMBEDDED / CALIBRATION).read_text()))
    fields = {*VoiceModel.__dataclass_fields__, *VoiceCalibration.__dataclass_fields__} - {"calibration"}
    assert told == {"version", "model_version", *fields}


def test_extras_that_pages_name_exist():
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    for page in (*(ROOT / "docs").glob("*.md"), ROOT / "README.md"):
        text = page.read_text(encoding="utf-8")
        for name in [*re.findall(r"speaker-tracker\[([\w-]+)\]", text), *re.findall(r"\bextra `([\w-]+)`", text)]:
            assert name in extras or name == "client", f"{page.name}: {name}"
