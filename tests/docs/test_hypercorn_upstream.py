"""What docs/hypercorn-upstream.md says of Hypercorn is still so; where it is not, the replacement of that part can go."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "hypercorn-upstream.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```python\n(.*?)```.*?```\n(.*?)```", TEXT, re.DOTALL)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def test_both_gaps_have_a_script():
    assert len(SCRIPTS) == 2


@pytest.mark.parametrize(("script", "output"), SCRIPTS, ids=["long-message", "lost-client"])
def test_the_script_shows_the_gap(script, output):
    script = re.sub(r"\b812[34]\b", str(free_port()), script)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200, check=False)

    assert done.stdout == output, done.stderr
    assert len(script.splitlines()) <= 40
