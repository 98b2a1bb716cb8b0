import re
import subprocess
import sys

import pytest

from support.pages import ROOT


@pytest.mark.slow
def test_the_overhead_of_ray_is_told_for_each_number_of_windows():
    command = [sys.executable, ROOT / "scripts" / "ray_overhead.py", "--windows", "1", "8", "--seconds", "0.3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=250)
    lines = [line for line in done.stdout.splitlines() if re.match(r" +\d+  ", line)]
    assert [int(line.split()[0]) for line in lines] == [1, 8]
    assert all(re.fullmatch(r"( +\d+)( +-?[\d.]+){6}", line) for line in lines)
