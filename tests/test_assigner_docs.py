"""What docs/assigner.md names is there: files, constants with their values, options, functions."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from speaker_tracker_stages.kmeans_assigner.options import KMeansAssignerOptions

ROOT = Path(__file__).parents[1]
STAGES = ROOT / "stages" / "speaker_tracker_stages"
TEXT = (ROOT / "docs" / "assigner.md").read_text(encoding="utf-8")
CODE = {
    str(file.relative_to(STAGES)): file for folder in ("kmeans_assigner", "assigning") for file in (STAGES / folder).glob("*.py")
}
SOURCE = "\n".join(file.read_text(encoding="utf-8") for file in CODE.values())
CONSTANTS = re.findall(r"^\| `([A-Z_]+)` \| (-?[\d.]+) \| `([\w/.]+)` \|$", TEXT, re.MULTILINE)


def module(file):
    return import_module(f"speaker_tracker_stages.{file.removesuffix('.py').replace('/', '.')}")


def test_every_file_has_its_row():
    rows = re.findall(r"^\| `(\w+/\w+\.py)` \|", TEXT, re.MULTILINE)
    assert sorted(rows) == sorted(name for name in CODE if not name.endswith("__init__.py"))


def test_every_file_that_is_named_is_there():
    for name in re.findall(r"`((?:\w+/)?\w+\.py)`", TEXT):
        assert any(file == name or file.endswith(f"/{name}") for file in CODE), name


@pytest.mark.parametrize(("name", "value", "file"), CONSTANTS)
def test_every_constant_has_the_value_that_is_told(name, value, file):
    assert getattr(module(file), name) == float(value)


def test_every_constant_in_the_text_has_its_row():
    assert set(re.findall(r"`([A-Z][A-Z_]+)`", TEXT)) == {name for name, _, _ in CONSTANTS}


def test_every_option_is_explained():
    missing = [name for name in KMeansAssignerOptions.model_fields if f"`{name}`" not in TEXT]
    assert not missing


def test_everything_else_in_code_is_in_the_code():
    words = {word for span in re.findall(r"`([^`\n]+)`", TEXT) for word in re.findall(r"[A-Za-z]\w{3,}", span)}
    elsewhere = {
        "stages",
        "speaker_tracker_stages",
        "hop_ms",
        "window_ms",
        "agglomerative_assigner",
        "kmeans_assigner",
        "assigning",
    }
    assert {word for word in words - elsewhere if word not in SOURCE} == set()


def test_every_source_is_cited_and_every_citation_has_one():
    cited = {int(number) for group in re.findall(r"\[(\d+(?:, \d+)*)(?:, [^\]]+)?\]", TEXT) for number in group.split(", ")}
    listed = {int(number) for number in re.findall(r"^(\d+)\. [A-Z]\.", TEXT, re.MULTILINE)}
    assert cited == listed
