"""CPU cores that this process may use, and how libraries use them."""

from __future__ import annotations

import os

BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


def usable_cores() -> int:
    """Number of cores that this process may use, given CPU affinity and a container's CPU limit; at least 1."""
    from joblib import cpu_count  # noqa: PLC0415 - a tenth of a second of import, for servers alone

    return max(1, int(cpu_count()))


def have_libraries_use_one_thread() -> None:
    """Tells libraries for matrix products that are loaded from now on to start no threads, for this process and its children."""
    for variable in BLAS_VARIABLES:
        os.environ.setdefault(variable, "1")


def use_one_thread_for_each_product() -> None:
    """Makes matrix products of NumPy and SciPy run in the calling thread, for the rest of this process.

    Sessions run side by side. A product of a few kilobytes takes longer when it is spread over all cores, and its threads, which
    wait by spinning, take the cores from other sessions.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - for servers alone

    have_libraries_use_one_thread()
    threadpool_limits(limits=1, user_api="blas")
