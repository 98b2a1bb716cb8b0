"""What docs/live-tracker.md says is complete; its notebook runs as it stands there."""

import ast
import inspect
import re

import nbformat
import pytest
from nbclient import NotebookClient

from speaker_tracker import LiveTracker
from speaker_tracker.client import Report, TrackerClient
from support.pages import DOCS, rows, section, text_of

TEXT = text_of("docs/live-tracker.md")
NOTEBOOK = DOCS / "notebooks" / "first-steps.ipynb"
ARGUMENTS = list(inspect.signature(LiveTracker).parameters.values())


def written(function):
    """A method with its arguments as the page has it."""
    arguments = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
    shown = [each.name if each.default is each.empty else f'{each.name}="{each.default}"' for each in arguments]
    return f"`{function.__name__}({', '.join(shown)})`"


def test_every_argument_is_there_with_its_default():
    listed = [(cells[0], cells[1]) for cells in rows(section(TEXT, "Arguments"))]
    assert listed == [(f"`{each.name}`", f"`{each.default}`") for each in ARGUMENTS]


def test_every_method_is_there():
    methods = [each for name, each in vars(LiveTracker).items() if inspect.isfunction(each) and not name.startswith("_")]
    assert {cells[0] for cells in rows(section(TEXT, "Methods"))} == {written(method) for method in methods}


def test_every_view_of_a_report_is_there():
    views = [getattr(Report, name) for name in dir(Report) if name.startswith("to_")]
    assert {cells[0] for cells in rows(section(TEXT, "What to do with a report"))} == {written(view) for view in views}


def test_options_that_clients_have_too_are_called_the_same():
    kinds = (LiveTracker, TrackerClient)
    ours, theirs = ({each.name: each.default for each in inspect.signature(kind).parameters.values()} for kind in kinds)
    common = {"num_speakers", "timeline", "others", "confidence", "hints", "known_voices", "voiceprints"}
    assert common <= set(ours) & set(theirs)
    assert {name: ours[name] for name in common} == {name: theirs[name] for name in common}


def test_examples_are_python():
    for example in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        compile(example, "docs/live-tracker.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_the_notebook_is_kept_without_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.mark.slow
def test_the_notebook_runs_and_shows_the_timeline():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("<svg" in data.get("image/svg+xml", "") for data in shown)
    assert any("<table" in data.get("text/html", "") and "speaker 1" in data["text/html"] for data in shown)
