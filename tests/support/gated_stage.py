"""A stage that is loaded only once a file is there, and notes each time that it is loaded; for tests of the start."""

GATED_STAGE = """
import os
import threading
import time
from pathlib import Path

from speaker_tracker import hookimpl
from speaker_tracker.events import PcmReceived
from speaker_tracker.stage import LoadedStage, StageLoadError, StageSpec, StatelessStage

FOLDER = Path(PATH)


class Passing(StatelessStage):
    def feed(self, event):
        yield event


def load(_options):
    with (FOLDER / "loads").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    while not (FOLDER / "open").exists():
        if (FOLDER / "broken").exists():
            raise StageLoadError("its gate is broken")
        time.sleep(0.01)
    if (FOLDER / "threaded").exists():
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    return LoadedStage(open=lambda _: Passing())


@hookimpl
def speaker_tracker_stages():
    return [StageSpec(name="gated", summary="", load=load, consumes=frozenset({PcmReceived}), produces=frozenset())]
"""
