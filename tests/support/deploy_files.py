"""What tests of deploy/ share: its files, and the settings in them as the server takes them."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from speaker_tracker.engine.assembly import configure_chain, find_observers, find_plugins
from speaker_tracker.server.binding import CLOSING_SECONDS
from speaker_tracker.settings import PORT_VARIABLE, PREFIX, Settings, load_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

IMAGE_USER = 10001
OLDEST_KUBERNETES = "1.30"  # preStop.sleep is on from here
KUBERNETES_VERSIONS = (OLDEST_KUBERNETES, kubernetes_validate.latest_version())

NEEDS_KUBECTL = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


def kustomized(folder: Path) -> list[dict[str, Any]]:
    """What ``kubectl apply -k`` would apply."""
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr  # warnings: of fields that are going to go, of variables without a value
    return list(yaml.safe_load_all(done.stdout))


def kinds(resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Resources by their kind."""
    return {resource["kind"]: resource for resource in resources}


def documents(path: Path) -> list[dict[str, Any]]:
    """The YAML documents of a file."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def env_file(path: Path) -> dict[str, str]:
    """The lines ``NAME=VALUE`` of an environment file."""
    return dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))


def settings_from(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a server with this environment; raises what it would say of them, of its chain and of its observers."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIX) or name == PORT_VARIABLE:
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    plugins = find_plugins(settings)
    configure_chain(settings, plugins)
    find_observers(settings, plugins)
    return settings


def seconds_to_end(settings: Settings) -> float:
    """How long a server takes at most from SIGTERM to its end; see ``serve_until``."""
    return settings.grace_seconds + 2 * CLOSING_SECONDS + 1


def seconds(duration: str) -> float:
    """Seconds of a duration such as ``90s``, ``1h`` or ``1h30m``."""
    parts = re.findall(r"(\d+)([hms])", duration)
    assert "".join(number + unit for number, unit in parts) == duration, f"{duration!r} is no duration"
    return sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts)


def required(program: str) -> str:
    """Where ``program`` is; without it the test is skipped, but fails where CI=true."""
    path = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    if path is None:
        message = f"{program} is not installed"
        if os.environ.get("CI", "").lower() not in ("", "0", "false"):
            pytest.fail(message)
        pytest.skip(message)
    return path
