"""The page is in the wheel, where servers look for it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from speaker_tracker.server.web import page_files

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]


def test_the_wheel_has_every_file_of_the_page(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, timeout=250)

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name, file in page_files().items():
            assert archive.read(f"speaker_tracker/web/{name}") == file.body
