import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_chains_are_compared_with_the_first():
    chains = [str(ROOT / "deploy" / "chains" / f"{name}.env") for name in ("average-linkage", "tiny")]
    audio = ["--audio", str(ROOT / "tests" / "data" / "dialogue.flac"), "--num-speakers", "2", "--runs", "1"]
    command = [sys.executable, str(ROOT / "scripts" / "compare_chains.py"), *chains, *audio]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    assert re.fullmatch(r"average-linkage +\d+\.\d % +1\.00 \(1\.00 - 1\.00\)", lines[1])
    assert re.fullmatch(r"tiny +\d+\.\d % +\d\.\d\d \([\d.]+ - [\d.]+\)", lines[2])
    assert len(lines) == 3
