"""Chain loaded once for all processes of a server, which are then forked from the one that loaded it.

What is forked shares the memory of its parent until one of them writes to it: weights and libraries are there once, and a process
that takes the place of a crashed one serves at once. Only a process with a single thread can be forked safely, as the copy has no
other threads and whatever they hold stays locked: where a stage has started threads as it was loaded, each process loads for
itself.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from speaker_tracker.engine.collector import collector_paused, leave_out_what_is_loaded
from speaker_tracker.settings import Settings

if TYPE_CHECKING:
    from speaker_tracker.engine.chain import Chain

logger = logging.getLogger(__name__)

THREADS = Path("/proc/self/task")
"""Threads of this process on Linux, those of libraries among them."""


def can_preload() -> bool:
    """Whether this system lets a process be forked after it has loaded libraries: Linux does, macOS and Windows do not."""
    return sys.platform == "linux" and THREADS.is_dir()


ENDING_SECONDS = 1.0
"""Time for threads that have nothing more to do to be gone for the system as well."""


class Preloading:
    """Loading of the chain in a thread, begun at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._chain: Chain | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._load, name="preloading", daemon=True)
        self._thread.start()

    @property
    def under_way(self) -> bool:
        """Whether the chain is still being loaded."""
        return self._thread.is_alive()

    def chain(self) -> Chain | None:
        """Wait for the chain; None where a stage has started threads. Raises ``UserError`` where it cannot be loaded."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._chain is not None  # noqa: S101 - or there would be an error
        others = _other_threads()
        if others:
            logger.warning(
                "stages have started %d threads as they were loaded, so each process loads the chain for itself; "
                "SPEAKER_TRACKER_PRELOAD=false saves the memory that it takes here",
                others,
            )
            self._chain.close()
            return None
        # The collector would write to every object, and memory that is written to is no longer shared.
        leave_out_what_is_loaded()
        return self._chain

    def _load(self) -> None:
        try:
            # Imported here, in the thread; the application and Quart with it, so that they are shared as well.
            with collector_paused():
                import speaker_tracker.server.loading  # noqa: F401, PLC0415
                from speaker_tracker.engine.assembly import build_chain  # noqa: PLC0415

                self._chain = build_chain(self._settings)
        except BaseException as error:
            self._error = error


def _other_threads() -> int:
    """Threads of this process besides the calling one."""
    end = time.monotonic() + ENDING_SECONDS
    while (others := len(list(THREADS.iterdir())) - 1) and time.monotonic() < end:
        time.sleep(0.005)
    return others
