"""Modules that are imported only once something in them is used."""

import subprocess
import sys

import pytest

PREAMBLE = """
import sys
from speaker_tracker.engine.deferred_import import deferred_imports

def is_imported():
    return "scipy.stats._stats_py" in sys.modules
"""


def run(code):
    subprocess.run([sys.executable, "-c", PREAMBLE + code], check=True)


def test_what_is_taken_from_a_deferred_module_imports_it_at_the_first_use():
    run("""
with deferred_imports("scipy.stats"):
    from scipy.stats import lognorm, rankdata
    import scipy.stats
assert not is_imported()
assert list(rankdata([30, 10, 20])) == [3, 1, 2]
assert is_imported()
assert lognorm.name == "lognorm"
""")


def test_an_import_afterwards_is_an_import_again():
    run("""
with deferred_imports("scipy.stats"):
    import scipy.stats
    stand_in = scipy.stats
import scipy.stats
assert is_imported()
assert scipy.stats is sys.modules["scipy.stats"] is not stand_in
assert scipy.stats.norm.cdf(0) == 0.5
""")


def test_classes_may_be_derived_from_and_asked_for():
    run("""
with deferred_imports("scipy.stats"):
    from scipy.stats import rv_continuous
class Own(rv_continuous):
    pass
import scipy.stats
assert isinstance(Own(), rv_continuous)
assert issubclass(Own, rv_continuous)
assert issubclass(Own, scipy.stats.rv_continuous)
""")


def test_modules_that_are_there_already_stay_and_those_that_are_not_installed_fail_as_ever():
    run("""
import scipy.stats
before = scipy.stats
with deferred_imports("scipy.stats", "json", "no_such.module"):
    import scipy.stats
    assert scipy.stats is before
    try:
        import no_such.module
    except ModuleNotFoundError:
        pass
    else:
        raise AssertionError
""")


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["kmeans_assigner", "agglomerative_assigner"])
def test_the_chain_is_loaded_without_what_no_stage_uses(stage):
    run(f"""
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.settings import DEFAULT_STAGES, load_settings
stages = [name.replace("kmeans_assigner", {stage!r}) for name in DEFAULT_STAGES]
build_chain(load_settings(stages=stages))
assert "sklearn" in sys.modules and "speechbrain" in sys.modules
assert not is_imported()
""")
