"""What a thread does, told by its stack of Python frames.

Functions in C have no frame. Where the innermost frame is Speaker Tracker's own or a plugin's, the expression that it evaluates
tells what it calls, such as ``np.exp(x)`` or ``with self._lock``.
"""

from __future__ import annotations

import dis
import linecache
import re
import sys
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from types import CodeType, FrameType


class Work(StrEnum):
    """What CPU time is spent on; ``THREADS``: handing work over from thread to thread."""

    MODEL = "model"
    NUMPY = "NumPy"
    JSON = "JSON"
    SOCKETS = "sockets"
    THREADS = "threads"
    PYTHON = "other"


class Wait(StrEnum):
    """What a thread waits for while it takes no CPU time.

    ``IDLE``: work. ``THREAD``: a lock, or the result of another thread. ``TURN``: nothing of its own, so the interpreter's lock
    (the GIL) or a core.
    """

    IDLE = "idle"
    THREAD = "lock"
    TURN = "turn"


WORK_OF_LIBRARY = {
    **dict.fromkeys(("torch", "torchaudio", "onnxruntime", "silero_vad", "speechbrain"), Work.MODEL),
    **dict.fromkeys(("numpy", "scipy", "sklearn", "joblib", "threadpoolctl"), Work.NUMPY),
    **dict.fromkeys(("json", "pydantic", "pydantic_core", "orjson"), Work.JSON),
    **dict.fromkeys(
        ("asyncio", "selectors", "socket", "ssl", "hypercorn", "wsproto", "h11", "quart", "werkzeug", "uvloop"), Work.SOCKETS
    ),
    **dict.fromkeys(("threading", "concurrent", "queue"), Work.THREADS),
}
"""By the first part of a module's name."""
WORK_OF_EXPRESSION = (
    (re.compile(r"\b(?:torch|functional|onnxruntime)\."), Work.MODEL),
    (re.compile(r"\b(?:np|numpy|scipy|linalg|special)\.|@"), Work.NUMPY),
    (re.compile(r"\bjson\.|\.model_(?:dump|validate)_json\b"), Work.JSON),
)
WAITING_FUNCTIONS = {
    "selectors": {"select"},
    "threading": {"wait", "acquire", "_wait_for_tstate_lock", "join"},
    "queue": {"get", "put"},
    "concurrent.futures.thread": {"_worker"},
    "concurrent.futures._base": {"wait", "result"},
    "multiprocessing.connection": {"_recv", "poll", "wait", "accept"},
    "subprocess": {"_try_wait", "_wait"},
    "time": {"sleep"},
}
"""Functions of a module that wait, as the innermost frame."""
IDLE_MODULES = {"selectors"}
"""Where an event loop waits for whatever comes."""
LOCK = re.compile(r"(?:lock|condition|semaphore|slots|mutex)\w*\s*(?:\.acquire\(|$)", re.IGNORECASE)
WAITING_CALL = re.compile(r"\.(?:acquire|wait|result|get|join)\(|\btime\.sleep\(|\bwait\(")


def work_of(frame: FrameType) -> Work:
    """What CPU time of a thread with this innermost frame is spent on.

    A model's own code counts as the model, also where it is Python; otherwise the innermost library counts, unless code of our own
    or of a plugin is innermost.
    """
    found: Work | None = None
    for each in _outwards(frame):
        module = _module(each)
        work = WORK_OF_LIBRARY.get(module.partition(".")[0])
        if work is Work.MODEL:
            return work
        if found is None:
            if work is not None:
                found = work
            elif _is_ours(module):
                found = _work_of_expression(_expression(each.f_code, each.f_lasti))
    return found or Work.PYTHON


def wait_of(frame: FrameType, *, in_stage: bool) -> Wait:
    """What a thread with this innermost frame waits for; ``in_stage``: whether it works for a stage."""
    module = _module(frame)
    if not _waits(frame, module):
        return Wait.TURN
    if module in IDLE_MODULES:
        return Wait.IDLE
    is_busy = in_stage or any(_is_ours(_module(each)) for each in _outwards(frame))
    return Wait.THREAD if is_busy else Wait.IDLE


def is_event_loop(frame: FrameType) -> bool:
    """Whether a thread with this innermost frame waits as an event loop does."""
    return _module(frame) in IDLE_MODULES


def _waits(frame: FrameType, module: str) -> bool:
    if frame.f_code.co_name in WAITING_FUNCTIONS.get(module, ()):
        return True
    if not _is_ours(module):
        return False
    expression = _expression(frame.f_code, frame.f_lasti)
    return bool(LOCK.search(expression) or WAITING_CALL.search(expression))


def _outwards(frame: FrameType) -> Iterator[FrameType]:
    at: FrameType | None = frame
    while at is not None:
        yield at
        at = at.f_back


def _module(frame: FrameType) -> str:
    name = frame.f_globals.get("__name__")
    return name if isinstance(name, str) else ""


def _is_ours(module: str) -> bool:
    """Whether a module is Speaker Tracker's or a plugin's: neither Python's nor of a library that is known here."""
    root = module.partition(".")[0]
    return root not in WORK_OF_LIBRARY and root not in sys.stdlib_module_names


def _work_of_expression(expression: str) -> Work:
    return next((work for pattern, work in WORK_OF_EXPRESSION if pattern.search(expression)), Work.PYTHON)


@lru_cache(maxsize=10_000)
def _expression(code: CodeType, offset: int) -> str:
    """The text of what the instruction at ``offset`` evaluates; empty where the source is not there or it spans several lines."""
    # While a call is under way, the offset is that of the call's inline cache, behind the instruction.
    begun = [each for each in dis.get_instructions(code) if each.offset <= offset]
    positions = begun[-1].positions if begun else None
    if positions is None or positions.lineno is None or positions.lineno != positions.end_lineno:
        return ""
    line = linecache.getline(code.co_filename, positions.lineno).encode()
    return line[positions.col_offset : positions.end_col_offset].decode(errors="replace")
