"""docs/settings.md has every setting with its default, and its examples are settings."""

import os
import re
import subprocess
import sys

import pytest

from speaker_tracker.settings import CONFIG_VARIABLE, OPTIONS_SETTINGS, Settings, load_settings
from support.pages import as_written, block, rows, text_of

TEXT = text_of("docs/settings.md")
ROWS = {cells[0].strip("`"): cells[1] for cells in rows(TEXT)}


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name not in OPTIONS_SETTINGS])
def test_every_setting_is_there_with_its_default(name):
    default = Settings.model_fields[name].default
    if name in {"stages", "model_cache"}:
        assert ROWS[name.upper()].startswith("the ")
    else:
        assert ROWS[name.upper()] == ("" if default is None else f"`{as_written(default)}`")


@pytest.mark.parametrize("name", OPTIONS_SETTINGS)
def test_options_of_stages_and_observers_are_there(name):
    owner = name.removesuffix("_options").upper()
    assert f"{name.upper()}__{owner}__OPTION" in ROWS


def test_no_setting_is_described_that_there_is_not():
    assert {name.lower().partition("__")[0] for name in ROWS} == set(Settings.model_fields)


def test_the_example_of_a_file_is_read(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("SPEAKER_TRACKER_") or name == "PORT"]:
        monkeypatch.delenv(name)
    file = tmp_path / "settings.toml"
    file.write_text(block(TEXT, "toml", "port"), encoding="utf-8")
    monkeypatch.setenv(CONFIG_VARIABLE, str(file))
    settings = load_settings()
    assert settings.port == 9000
    assert settings.stage_options == {"silero_vad": {"threshold": 0.5}}


def test_the_chain_with_another_detector_is_configured_as_shown():
    exported = dict(re.findall(r"export (SPEAKER_TRACKER_\w+)=(.*)", block(TEXT, "sh", "energy_vad")))
    command = [sys.executable, "-m", "speaker_tracker", "stages"]
    done = subprocess.run(command, env={**os.environ, **exported}, capture_output=True, text=True, check=False, timeout=300)

    assert done.returncode == 0, done.stderr
    assert re.search(r"2\. energy_vad", done.stdout)
    assert re.search(r"threshold_db\s+12\.0", done.stdout)
