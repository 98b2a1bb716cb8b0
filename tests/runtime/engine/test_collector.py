"""What the garbage collector is kept from."""

import gc
import subprocess
import sys

import pytest

from speaker_tracker.engine.collector import collector_paused


def test_nothing_is_collected_meanwhile_and_again_afterwards():
    assert gc.isenabled()
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_collects_again_after_an_exception_too():
    with pytest.raises(ValueError, match="broken"), collector_paused():
        raise ValueError("broken")
    assert gc.isenabled()


def test_a_program_that_has_switched_it_off_finds_it_off():
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_loaded_is_left_out():
    code = """
import gc
from speaker_tracker.engine.collector import leave_out_what_is_loaded
before = gc.get_freeze_count()
leave_out_what_is_loaded()
assert gc.get_freeze_count() > before + 1000
"""
    subprocess.run([sys.executable, "-c", code], check=True)
