"""Plugins out of examples, installed in a folder as pip would, and commands that find them there."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path


def install(folder: Path, module: str, pyproject: str) -> Path:
    """Puts the text of a module and its distribution into ``folder``, which is to be on the path; gives the folder."""
    project = tomllib.loads(pyproject)["project"]
    ((group, points),) = project["entry-points"].items()
    (name,) = points.values()
    (folder / f"{name}.py").write_text(module, encoding="utf-8")
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    lines = "\n".join(f"{point} = {value}" for point, value in points.items())
    (info / "entry_points.txt").write_text(f"[{group}]\n{lines}\n", encoding="utf-8")
    return folder


def speaker_tracker(
    *arguments: object, plugins: Path | None = None, folder: Path | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Runs a command with these settings; ``plugins`` is a folder on the path, ``folder`` where it runs."""
    environment = {**os.environ, **{f"SPEAKER_TRACKER_{name}": value for name, value in settings.items()}}
    if plugins is not None:
        environment["PYTHONPATH"] = os.pathsep.join([str(plugins), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    command = [sys.executable, "-m", "speaker_tracker", *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
