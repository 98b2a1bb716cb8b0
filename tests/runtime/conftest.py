"""What many tests of the runtime need: a chain without models, and audio whose speakers it knows."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speaker_tracker.engine.plugins import BUILTIN_PLUGINS
from support.needed_programs import lacking
from support.server_process import ServerProcess

SCRIPTED_STAGE = Path(__file__).parents[1] / "support" / "scripted_stage.py"


class Site:
    """A folder of throw-away distributions that this process and those it starts find, as if they were installed."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir()
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH")))))

    def install(self, module: str, source: str, *, distribution: str, entry_points: dict[str, str]) -> None:
        (self.folder / f"{module}.py").write_text(source)
        info = self.folder / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        lines = [f"{name} = {value}" for name, value in entry_points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[speaker_tracker.stages]", *lines, ""]))


@pytest.fixture
def site(tmp_path, monkeypatch) -> Iterator[Site]:
    """Throw-away distributions for a test."""
    before = set(sys.modules)
    site = Site(tmp_path / "site", monkeypatch)
    yield site
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(site.folder)):
            del sys.modules[name]


@pytest.fixture
def clean_environment(monkeypatch) -> None:
    """No setting of whoever runs the tests."""
    _clear_settings(monkeypatch)


def _clear_settings(patch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("SPEAKER_TRACKER_") or name == "PORT"]:
        patch.delenv(name)


def _configure_scripted_chain(site: Site, patch: pytest.MonkeyPatch) -> None:
    _clear_settings(patch)
    site.install(
        "scripted_plugin",
        SCRIPTED_STAGE.read_text(),
        distribution="scripted-dist",
        entry_points={"scripted-plugin": "scripted_plugin"},
    )
    patch.setenv("SPEAKER_TRACKER_STAGES", '["scripted"]')
    patch.setenv("SPEAKER_TRACKER_BLOCKED_PLUGINS", json.dumps(list(BUILTIN_PLUGINS)))


@pytest.fixture
def scripted_chain(site, monkeypatch) -> None:
    """Makes the scripted stage the configured chain, for this process and those it starts."""
    _configure_scripted_chain(site, monkeypatch)


@pytest.fixture(scope="session")
def scripted_server(tmp_path_factory) -> Iterator[ServerProcess]:
    """A server with the scripted chain, for all tests that only open sessions; none of them ends it or asks what it counts."""
    with pytest.MonkeyPatch.context() as patch:
        _configure_scripted_chain(Site(tmp_path_factory.mktemp("scripted") / "site", patch), patch)
        server = ServerProcess()
    assert server.url
    yield server
    server.end()


CLOSING_STAGE = """
import os
from speaker_tracker import hookimpl
from speaker_tracker.events import PcmReceived
from speaker_tracker.stage import LoadedStage, StageSpec, StatelessStage


class Passing(StatelessStage):
    def feed(self, event):
        yield event


def close():
    with open(PATH, "a") as file:
        file.write(f"{os.getpid()}\\n")


@hookimpl
def speaker_tracker_stages():
    loaded = LoadedStage(open=lambda _: Passing(), close=close)
    flow = {"consumes": frozenset({PcmReceived}), "produces": frozenset()}
    return [StageSpec(name="closing", summary="", load=lambda _: loaded, **flow)]
"""


@pytest.fixture
def closings(scripted_chain, site, monkeypatch, tmp_path) -> Callable[[], list[int]]:  # noqa: ARG001 - what the chain ends with
    """Puts a stage before the scripted one that notes when it is closed; tells the processes in which it was."""
    path = tmp_path / "closings"
    path.touch()
    source = CLOSING_STAGE.replace("PATH", repr(str(path)))
    site.install("closing_plugin", source, distribution="closing-dist", entry_points={"closing-plugin": "closing_plugin"})
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", "closing,scripted")
    return lambda: [int(line) for line in path.read_text().splitlines()]


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A folder with room for 64 KiB, as on a disk that is nearly full."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        lacking("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


Turns = list[tuple[float, int | None]]
"""Of an audio file: (seconds, speaker or None for nobody)."""


@pytest.fixture
def write_audio(tmp_path) -> Callable[..., Path]:
    """Writes an audio file of turns, at the levels that the scripted stage understands."""

    def write(name: str, turns: Turns, rate: int = 16_000, subtype: str = "PCM_16") -> Path:
        levels = [np.full(int(seconds * rate), 0 if who is None else 1000 * (who + 1), np.int16) for seconds, who in turns]
        path = tmp_path / name
        soundfile.write(path, np.concatenate(levels), rate, subtype=subtype)
        return path

    return write


@pytest.fixture
def conversation(write_audio) -> Path:
    """Four seconds: 1 s nobody, 1 s speaker 0, 2 s speaker 1."""
    return write_audio("conversation.wav", [(1, None), (1, 0), (2, 1)])
