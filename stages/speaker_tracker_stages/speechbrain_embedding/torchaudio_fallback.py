"""Makes ``import torchaudio`` work beside a PyTorch build that torchaudio's compiled library does not load with.

SpeechBrain imports torchaudio for a handful of pure Python functions. On Linux the torchaudio wheel is linked against CUDA, so
beside a CPU build of PyTorch its import fails, although none of its compiled functions would ever be called.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

EXTENSION = "torchaudio._extension"


def ensure_torchaudio() -> bool:
    """Imports torchaudio, with a stand-in for its compiled library only where that does not load.

    Answers whether the stand-in is in use. Raises the import's own error where torchaudio is missing or fails for another reason.
    """
    try:
        importlib.import_module("torchaudio")
    except ModuleNotFoundError:
        raise
    except (ImportError, OSError, RuntimeError) as error:
        _import_without_library(error)
    return isinstance(sys.modules[EXTENSION], _Extension)


class _Extension(ModuleType):
    """Stand-in for torchaudio's extension module, as its Python code uses it where there is no compiled library."""

    _IS_TORCHAUDIO_EXT_AVAILABLE = False
    _IS_ALIGN_AVAILABLE = False

    @staticmethod
    def fail_if_no_align(function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator of forced alignment, which is compiled: its functions raise when they are called."""

        def unavailable(*_: Any, **__: Any) -> Any:
            raise RuntimeError(f"{function.__name__} needs torchaudio's compiled library, which does not load beside this PyTorch")

        return unavailable

    @staticmethod
    def _check_cuda_version() -> None:
        """No library, hence no CUDA version."""

    @staticmethod
    def _load_lib(_: str) -> bool:
        return False


def _import_without_library(cause: Exception) -> None:
    _forget_torchaudio()
    sys.modules[EXTENSION] = _Extension(EXTENSION)
    try:
        importlib.import_module("torchaudio")
    except Exception:
        _forget_torchaudio()
        raise cause from None


def _forget_torchaudio() -> None:
    """Removes the submodules of a failed import, which the next import would take for complete."""
    for name in [name for name in sys.modules if name == "torchaudio" or name.startswith("torchaudio.")]:
        del sys.modules[name]
