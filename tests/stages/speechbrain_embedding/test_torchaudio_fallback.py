"""torchaudio with and without a compiled library that loads; each case in a process of its own, as imports stick."""

import subprocess
import sys
import textwrap

import pytest


def run(code, path=None):
    prelude = f"import sys; sys.path.insert(0, {str(path)!r})\n" if path else ""
    done = subprocess.run(
        [sys.executable, "-c", prelude + textwrap.dedent(code)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def made_up_torchaudio(tmp_path):
    """A package ``torchaudio`` of three modules whose ``_extension`` does what it is told."""

    def make(extension, rest="from ._extension import _IS_TORCHAUDIO_EXT_AVAILABLE, fail_if_no_align"):
        package = tmp_path / "torchaudio"
        (package / "_extension").mkdir(parents=True)
        (package / "__init__.py").write_text("from . import before\nfrom . import _extension\nfrom . import functional\n")
        (package / "before.py").write_text("")
        (package / "functional.py").write_text(rest)
        (package / "_extension" / "__init__.py").write_text(extension)
        return tmp_path

    return make


ENSURE = "from speaker_tracker_stages.speechbrain_embedding.torchaudio_fallback import ensure_torchaudio\n"


def test_speechbrain_imports_whether_or_not_the_compiled_library_loads():
    run(ENSURE + "ensure_torchaudio(); from speechbrain.inference.classifiers import EncoderClassifier")


def test_pure_python_functions_work_whether_or_not_the_compiled_library_loads():
    code = "ensure_torchaudio(); import torch, torchaudio; print(len(torchaudio.functional.lfilter(*torch.ones(3, 8))))"
    assert run(ENSURE + code) == "8"


def test_a_library_that_does_not_load_is_stood_in_for(made_up_torchaudio):
    path = made_up_torchaudio("raise OSError('Could not load this library: libtorchaudio.so')")
    code = "print(ensure_torchaudio()); import torchaudio; print(torchaudio.functional._IS_TORCHAUDIO_EXT_AVAILABLE)"
    assert run(ENSURE + code, path).split() == ["True", "False"]


def test_asking_again_answers_the_same(made_up_torchaudio):
    path = made_up_torchaudio("raise OSError('Could not load this library: libtorchaudio.so')")
    assert run(ENSURE + "print(ensure_torchaudio(), ensure_torchaudio())", path) == "True True"


def test_a_library_that_loads_is_left_alone(made_up_torchaudio):
    path = made_up_torchaudio("_IS_TORCHAUDIO_EXT_AVAILABLE = True\nfail_if_no_align = id\n")
    code = "print(ensure_torchaudio()); import torchaudio; print(torchaudio.functional._IS_TORCHAUDIO_EXT_AVAILABLE)"
    assert run(ENSURE + code, path).split() == ["False", "True"]


def test_what_is_compiled_says_so_when_it_is_called(made_up_torchaudio):
    path = made_up_torchaudio(
        "raise OSError('no')", "from ._extension import fail_if_no_align\n@fail_if_no_align\ndef align(): ...\n"
    )
    code = """
    ensure_torchaudio()
    import torchaudio
    try:
        torchaudio.functional.align()
    except RuntimeError as error:
        print(error)
    """
    assert "align needs torchaudio's compiled library" in run(ENSURE + textwrap.dedent(code), path)


def test_a_failure_that_a_stand_in_does_not_mend_is_the_original_one_and_leaves_nothing_behind(made_up_torchaudio):
    path = made_up_torchaudio("raise OSError('the first reason')", "raise ValueError('another reason')")
    code = """
    try:
        ensure_torchaudio()
    except OSError as error:
        print(error, [name for name in sys.modules if name.startswith("torchaudio")])
    """
    assert run(ENSURE + textwrap.dedent(code), path) == "the first reason []"
