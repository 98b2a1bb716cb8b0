"""Python's garbage collector, kept from looking through what is loaded.

Imports and models make some half a million objects that stay. The collector looks through them again and again while they are made,
a sixth of the time that loading takes, and later whenever it does a full round, a tenth of a second in which nothing else happens.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Context in which no garbage is collected, in the whole process; for what makes objects that stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def leave_out_what_is_loaded() -> None:
    """Have the collector pass over all objects that there are now, for the rest of this process and in those forked from it.

    What is garbage among them stays as well, some thousand objects; to look for it would take a fifth of a second.
    """
    gc.freeze()
