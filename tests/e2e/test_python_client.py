"""The examples of docs/python-client.md as they stand there, against the server as it comes; also where only the client is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
ASYNC, SYNC, KNOWN = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python-client.md").read_text(encoding="utf-8"), re.DOTALL)
NEEDED = {
    "annotated-types",
    "pip",
    "pydantic",
    "pydantic_core",
    "speaker-tracker",
    "typing_extensions",
    "typing-inspection",
    "websockets",
}


def call(*command, folder=ROOT, **options):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SPEAKER_TRACKER_", "PYTHON"))}
    done = subprocess.run([*map(str, command)], cwd=folder, env=inherited, capture_output=True, check=False, timeout=600, **options)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout.decode()


def assert_heard(report, dialogue):
    """The last line tells both voices' times as they are."""
    (times,) = re.findall(r"speaking_ms=\{0: (\d+), 1: (\d+)\}", report)
    reference = dialogue.speakers.sum(axis=1) / 16
    assert [int(time) for time in times] == pytest.approx(list(reference), rel=0.15)
    assert "complete=True" in report


def test_the_example_tells_who_speaks_as_it_is_spoken(server, dialogue):
    lines = call(sys.executable, "-c", ASYNC, "tests/data/dialogue.flac", server.url).splitlines()

    assert len([line for line in lines if line.startswith("SpeakerUpdate(")]) > 60
    assert len([line for line in lines if line.startswith("TimelineUpdate(")]) > 60
    assert lines[-1].startswith("Report(")
    assert_heard(lines[-1], dialogue)


def test_the_example_without_asyncio_does_so_too(server, dialogue, pcm):
    assert_twin_works(sys.executable, server, dialogue, pcm)


def assert_twin_works(python, server, dialogue, pcm):
    *lines, report = call(python, "-c", SYNC, server.url, input=pcm).splitlines()

    assert len(lines) > 60
    assert {line.split()[0] for line in lines} == {"None", "0", "1"}
    assert_heard(report, dialogue)


def test_the_example_of_known_voices_names_the_first_speaker(server):
    given = "import soundfile\nmonday = tuesday = soundfile.read('tests/data/dialogue.flac', dtype='int16')[0]\n"
    example = KNOWN.replace("TrackerClientSync(", f"TrackerClientSync({server.url!r}, ")
    assert call(sys.executable, "-c", given + example) == "{0: 'Anna'}\n"


def test_the_client_works_where_nothing_but_the_client_is(server, dialogue, pcm, tmp_path):
    call(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path / "wheels", ROOT, folder=tmp_path)
    call(sys.executable, "-m", "venv", tmp_path / "venv", folder=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet")
    call(*pip, "--constraint", ROOT / "constraints.txt", "websockets", "pydantic", folder=tmp_path)
    call(*pip, "--no-deps", next((tmp_path / "wheels").glob("*.whl")), folder=tmp_path)

    installed = call(python, "-m", "pip", "list", "--format=freeze", folder=tmp_path).split()
    assert {package.partition("==")[0] for package in installed} - {"setuptools"} == NEEDED
    assert_twin_works(python, server, dialogue, pcm)
