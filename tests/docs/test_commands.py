"""Commands and settings in the documentation are those that there are."""

import re
import shlex

import click
import pytest

from speaker_tracker.cli.main import main
from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.settings import CONFIG_VARIABLE, OPTIONS_SETTINGS, PREFIX, Settings
from support.pages import PAGES, ROOT, blocks, named

PLUGINS = PluginManager()
EXAMPLE_STAGES = {"boost", "pitch_vad", "band_embedding", "hum_filter", "stage", "name", "observer"}
"""Stages of examples, and the words that stand for a name."""


RUN = r"(?<![\w/:-])speaker-tracker (?!\.|deploy)[a-z-]"
FILE = r"\b(?:deploy|scripts|tests|stages/ecapa_mini|docs)/[\w./-]+\w"


def commands():
    """(page, line) of each line of a shell example that runs ``speaker-tracker``."""
    for page in PAGES:
        for example in blocks(page.read_text(encoding="utf-8"), "sh"):
            for line in example.splitlines():
                if re.search(r"(?<![\w/:-])speaker-tracker (?!\.|deploy)[a-z-]", line) and not line.startswith(
                    ("docker", "kubectl")
                ):
                    yield named(page), line


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_examples_are_commands(page, line, monkeypatch):  # noqa: ARG001 - the page is the test's name
    monkeypatch.setenv(CONFIG_VARIABLE, "what --config replaces, until the test is over")
    given = shlex.split(re.search(r"speaker-tracker ([^|>#)]+)", line)[1])
    context, command = main.make_context("speaker-tracker", given), main
    while isinstance(command, click.Group):
        name, command, given = command.resolve_command(context, given)
        context = command.make_context(name, list(given), parent=context)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_settings_that_are_named_exist(page):
    for name in re.findall(rf"{PREFIX}([A-Z][A-Z_]*[A-Z])", page.read_text(encoding="utf-8")):
        if f"{PREFIX}{name}" == CONFIG_VARIABLE:
            continue
        setting, *parts = name.lower().split("__")
        assert setting in Settings.model_fields, f"{PREFIX}{name}"
        if parts:
            assert setting in OPTIONS_SETTINGS
            assert parts[0] in {*PLUGINS.stages, *PLUGINS.observers, *EXAMPLE_STAGES}, f"{PREFIX}{name}"
            _check_option(parts)


def _check_option(parts):
    provided = PLUGINS.stages.get(parts[0]) or PLUGINS.observers.get(parts[0])
    if provided is not None and len(parts) > 1:
        assert parts[1] in provided.spec.options.model_fields, "__".join(parts)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_chains_that_are_named_have_stages_that_there_are(page):
    for chain in re.findall(rf"{PREFIX}STAGES=([a-z_,]+)", page.read_text(encoding="utf-8")):
        assert {name for name in chain.split(",") if name} <= {*PLUGINS.stages, *EXAMPLE_STAGES}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_targets_of_make_exist(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([a-z0-9]+)", "\n".join(blocks(page.read_text(encoding="utf-8"), "sh")), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_that_commands_name_exist(page):
    text = page.read_text(encoding="utf-8")
    for path in set(
        re.findall(r"\b(?:deploy|scripts|tests|stages/ecapa_mini|docs)/[\w./-]+\w", "\n".join(re.findall(r"`[^`]+`", text)))
    ):
        assert (ROOT / path).exists() or path == "deploy/.env", path
