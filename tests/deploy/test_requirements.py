import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy" / "requirements.py"


def requirements(*arguments):
    command = [sys.executable, str(SCRIPT), *arguments, str(ROOT / "pyproject.toml")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_extras_are_added_and_packages_left_out():
    lines = requirements("--extras", "onnx,prometheus", "--without", "torch,speechbrain").stdout.splitlines()

    assert [line for line in lines if line.startswith(("onnxruntime", "prometheus-client", "numpy"))]
    assert not [line for line in lines if line.startswith(("torch", "speechbrain"))]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--extras", "onyx"), "no such extra: onyx; there are"), (("--without", "torhc"), "no such requirement: torhc; there are")],
)
def test_a_misspelt_name_makes_no_image(arguments, words):
    done = requirements(*arguments)

    assert done.returncode == 1
    assert words in done.stderr


def test_every_build_argument_is_explained():
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines()
    head = [line for line in lines[: lines.index("")] if line.startswith("#")]
    arguments = {line.removeprefix("ARG ").partition("=")[0] for line in lines if line.startswith("ARG ")}
    assert arguments
    assert all(any(argument in line for line in head) for argument in arguments)
