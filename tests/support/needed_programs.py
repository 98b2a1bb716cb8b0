"""Programs that some tests need: skipped without them, but not where all tests must run."""

import os
import shutil
from typing import NoReturn

import pytest


def lacking(what: str) -> NoReturn:
    """Skips the test for a reason; fails it in CI, where nothing may be lacking."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)
    raise AssertionError


def needed(program: str) -> str:
    """Where the program is."""
    found = shutil.which(program)
    if found is None:
        lacking(f"{program} is not installed")
    return found
