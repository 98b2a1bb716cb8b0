"""docs/architecture.md is about the modules that there are: every path in it exists, and what it names there is there."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from support.pages import ROOT, blocks, rows, section, text_of, without_code

TEXT = text_of("docs/architecture.md")
TREES = [ROOT / tree for tree in ("runtime", "stages", "plugins", ".")]
TOP = ROOT / "runtime" / "speaker_tracker"
PATHS = sorted(set(re.findall(r"`((?:speaker_tracker\w*|docs|tests|runtime)/[\w./-]+)`", TEXT)))
NAMED = sorted(set(re.findall(r"`(speaker_tracker\w*/[\w./]+)` `(\w+)`", TEXT))) + sorted(
    (path, name.partition(".")[0]) for name, path in set(re.findall(r"`([\w.]+)` in `(speaker_tracker\w*/[\w./]+)`", TEXT))
)


def located(path: str) -> Path | None:
    return next((tree / path for tree in TREES if (tree / path).exists()), None)


def definitions(path: Path):
    """The names that are defined at the top of a module, or of the modules of a package, with the values of constants."""
    for file in [path] if path.is_file() else path.rglob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, None
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                yield node.targets[0].id, node.value.value if isinstance(node.value, ast.Constant) else None


@pytest.mark.parametrize("path", PATHS)
def test_a_path_exists(path):
    assert located(path) is not None


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_is_named_is_in_its_module(path, name):
    assert located(path) is not None
    assert name in dict(definitions(located(path)))


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, name in NAMED if name.isupper()])
def test_a_bound_is_the_constant_of_its_module(path, name):
    (bound,) = [cells[1] for cells in rows(section(TEXT, "Threads, queues, bounds")) if cells[2] == f"`{path}` `{name}`"]
    assert re.search(rf"\b{dict(definitions(located(path)))[name]}\b", bound)


def test_where_to_change_what_has_ten_rows_with_paths():
    table = rows(section(TEXT, "Where do I change …?"))
    assert len(table) == 10
    assert all(re.search(r"`[\w/.]+/[\w/.]+`", where) for _what, where in table)


def test_the_map_has_every_package_and_module_at_the_top():
    there = {path.stem for path in TOP.iterdir() if not path.name.startswith((".", "_", "py.typed"))}
    listed = {name for cells in rows(section(TEXT, "Package map")) for name in re.findall(r"`(\w+)`", cells[0])}
    assert listed == there
    (drawing,) = blocks(TEXT, "mermaid")
    for name in there - {"settings"}:
        assert re.search(rf"\b{name}\b", drawing), name


def test_the_layers_are_those_that_are_checked():
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    words = re.sub(r"\s+", " ", without_code(section(TEXT, "Which way imports go")))
    places = [words.index(f"`{name}`") for layer in layers for name in layer.split(" | ") if f"`{name}`" in words]
    assert len(places) >= 10
    assert places == sorted(places)
