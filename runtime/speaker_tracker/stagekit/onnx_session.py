"""Opens ONNX models to be shared by many sessions: one thread for each call, no output on standard error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from speaker_tracker.errors import MissingExtraError
from speaker_tracker.models import ModelError

if TYPE_CHECKING:
    import onnxruntime

FATAL = 4


def open_onnx(path: Path, purpose: str) -> onnxruntime.InferenceSession:
    """Loads the model in ``path`` on the CPU; its ``run`` may be called from several threads at once.

    ``purpose``: subject of the error message, such as a stage. Raises ``MissingExtraError`` if ONNX Runtime is not installed, and
    ``ModelError`` if the file does not load.
    """
    try:
        import onnxruntime  # noqa: PLC0415 - heavy, for stages that use it only
    except ModuleNotFoundError as error:
        raise MissingExtraError.of(purpose, "onnxruntime", "onnx") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = FATAL
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # The library raises exceptions of its own types, with messages of many lines.
        lines = str(error).strip().splitlines()
        raise ModelError(f"{path} cannot be loaded by ONNX Runtime: {lines[0] if lines else type(error).__name__}") from error
