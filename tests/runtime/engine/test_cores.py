import os
import subprocess
import sys

import pytest

from speaker_tracker.engine.cores import usable_cores


def test_there_is_at_least_one():
    assert 1 <= usable_cores() <= os.cpu_count()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is Linux's")
def test_cores_that_the_process_may_not_use_do_not_count():
    script = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from speaker_tracker.engine.cores import usable_cores
print(usable_cores())
"""
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout == "1\n"


def test_matrix_products_stay_in_their_thread():
    script = """
import numpy
from threadpoolctl import threadpool_info
from speaker_tracker.engine.cores import use_one_thread_for_each_product
use_one_thread_for_each_product()
import scipy.linalg  # brings a library of its own
print(*sorted({library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}))
"""
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, env=inherited)
    assert done.stdout == "1\n"
