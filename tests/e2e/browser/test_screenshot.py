"""``scripts/screenshot.py`` takes the pictures that the documentation shows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from support.known_conversation import DATA

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("chromium")]

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "docs" / "images"
SHOWN = re.findall(r"\(images/(browser-\w+\.png)\)", (ROOT / "docs" / "browser.md").read_text(encoding="utf-8"))


def test_the_pictures_of_the_documentation_are_there_and_small():
    assert SHOWN
    for name in SHOWN:
        assert (IMAGES / name).stat().st_size < 200_000
        with Image.open(IMAGES / name) as image:
            assert image.format == "PNG"


def test_the_script_takes_them(tmp_path):
    command = [sys.executable, str(ROOT / "scripts" / "screenshot.py"), "--out", str(tmp_path), "--speakers", "2"]
    dialogue = ["--audio", str(DATA / "dialogue.flac"), "--live", "8", "--stop", "10"]
    subprocess.run([*command, *dialogue], check=True, timeout=250)

    assert {file.name for file in tmp_path.iterdir()} >= set(SHOWN)
    for name in SHOWN:
        with Image.open(tmp_path / name) as image:
            assert len(image.convert("RGB").getcolors(1 << 24)) > 100
