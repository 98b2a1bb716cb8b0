import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_cost_of_known_voices_is_a_time_to_begin_and_a_ratio_of_cpu_time():
    arguments = ["--uri", "dialogue", "--voices", "0", "50", "--starts", "2", "--runs", "1"]
    command = [sys.executable, str(ROOT / "scripts" / "known_voices_cost.py"), *arguments]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    without, known = (line for line in lines[1:3])
    assert re.fullmatch(r" +0 known voices +[\d.]+ +[\d.]+", without)
    assert re.fullmatch(r" +50 known voices +[\d.]+ +[\d.]+", known)
    assert lines[4].startswith("CPU ms per second of audio, of 39 s")
    assert re.fullmatch(r" +0 known voices +[\d.]+ +1\.000 \(1\.000 - 1\.000\) +[\d.]+", lines[5])
    assert re.fullmatch(r" +50 known voices +[\d.]+ +\d\.\d{3} \([\d.]+ - [\d.]+\) +[\d.]+", lines[6])
