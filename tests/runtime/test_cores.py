import os
import subprocess
import sys

import pytest

from speaker_tracker.cores import usable_cores


def test_there_is_at_least_one():
    assert 1 <= usable_cores() <= os.cpu_count()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is Linux's")
def test_cores_that_the_process_may_not_use_do_not_count():
    script = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from speaker_tracker.cores import usable_cores
print(usable_cores())
"""
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "1\n"
