"""A virtual environment outside the repository in which a distribution is installed as users install it."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path


def call(*command: object, folder: Path, within: float = 250, **settings: str) -> str:
    """Runs a program in ``folder`` without any setting of whoever runs the tests; gives what it printed, fails where it fails.

    ``within``: seconds that it may take. ``settings`` become environment variables with the prefix.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SPEAKER_TRACKER_", "PYTHON"))}
    environment = inherited | {f"SPEAKER_TRACKER_{name.upper()}": value for name, value in settings.items()}
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=within
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class CleanEnvironment:
    """An environment in ``folder`` that has ``distribution``, a wheel or an sdist, and what the tests' own environment has.

    Dependencies come from the tests' environment by a path file, as PyTorch and the like are too much to be installed once more for
    each environment (test_template.py and the container images install them). A path file adds a folder without heeding the path
    files in it, so the editable installation there does not come along: the package itself is the distribution's.
    """

    def __init__(self, folder: Path, distribution: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        call(sys.executable, "-m", "venv", "--without-pip", folder, folder=folder.parent)
        scheme = {"base": str(folder), "platbase": str(folder)}
        self.packages = Path(sysconfig.get_path("purelib", "venv", scheme))
        (self.packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
        install = ("install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--ignore-installed")
        call(sys.executable, "-m", "pip", "--python", folder, *install, distribution, folder=folder)

    def run(self, program: str, *arguments: object, **settings: str) -> str:
        """What a program of the environment prints, started in its folder."""
        return call(self.programs / program, *arguments, folder=self.folder, **settings)
