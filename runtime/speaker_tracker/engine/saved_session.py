"""The form in which a session is kept, to be gone on with by another connection, process or machine: never any audio.

A saved session is compressed bytes: JSON with the values of the state, and the numbers of its arrays behind it. It names its format
and the chain that wrote it, and is read by the same chain only.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.protocol import StartCommand
from speaker_tracker.stage import State

FORMAT = 1
"""Raised when the form changes; others are refused."""

MAGIC = b"spkt"
HEAD = struct.Struct(">4sHI")
"""Mark, format, and length of the JSON."""

ARRAY = "$array"
"""Key of a mapping that stands for an array: its number, in the order of the arrays' bytes."""

LARGEST_BYTES = 64 << 20
"""Most bytes of a saved session before compression."""

KINDS = frozenset("biuf")
"""Kinds of NumPy types that are kept: booleans, whole numbers, and floating-point numbers."""


class SavedSessionError(ValueError):
    """A saved session cannot be gone on with here; the message says why."""


@dataclass(frozen=True, slots=True)
class SavedSession:
    """A session between two pieces of audio.

    ``session_id``: as in the log. ``chain``: what the stages are, see ``Chain.fingerprint``. ``start``: what the client asked for.
    ``position``: audio and gaps accounted for (samples). ``gap_samples``: the gaps in them. ``hinted``: codes of hints that were
    given. ``states``: of the stages, by name.
    """

    session_id: str
    chain: str
    start: StartCommand
    position: int
    gap_samples: int
    hinted: tuple[str, ...]
    states: Mapping[str, State]


def encode(saved: SavedSession) -> bytes:
    """The bytes of a saved session. Raises ``SavedSessionError`` where a state has other values than plain ones and arrays."""
    arrays: list[NDArray[Any]] = []
    values = {
        "session_id": saved.session_id,
        "chain": saved.chain,
        "start": saved.start.model_dump(mode="json", exclude_none=True),
        "position": saved.position,
        "gap_samples": saved.gap_samples,
        "hinted": list(saved.hinted),
        "states": _without_arrays(saved.states, arrays),
        "arrays": [],
    }
    values["arrays"] = [[array.dtype.str, list(array.shape)] for array in arrays]
    text = json.dumps(values, separators=(",", ":")).encode()
    packer = zlib.compressobj(1)
    parts = [packer.compress(text), *(packer.compress(np.ascontiguousarray(array).tobytes()) for array in arrays), packer.flush()]
    return HEAD.pack(MAGIC, FORMAT, len(text)) + b"".join(parts)


def decode(data: bytes, chain: str) -> SavedSession:
    """The saved session in bytes that ``encode`` gave, to be gone on with in ``chain``; raises ``SavedSessionError``."""
    try:
        mark, version, length = HEAD.unpack_from(data)
    except struct.error as error:
        raise SavedSessionError("it is cut short") from error
    if mark != MAGIC:
        raise SavedSessionError("it is no saved session")
    if version != FORMAT:
        raise SavedSessionError(f"it was saved in format {version}, and this server reads format {FORMAT}")
    unpacker = zlib.decompressobj()  # which stops at a bound, unlike zlib.decompress
    try:
        body = unpacker.decompress(data[HEAD.size :], LARGEST_BYTES)
        values = json.loads(body[:length])
        arrays = _arrays(values["arrays"], memoryview(body)[length:])
        saved = SavedSession(
            session_id=str(values["session_id"]),
            chain=str(values["chain"]),
            start=StartCommand.model_validate(values["start"]),
            position=int(values["position"]),
            gap_samples=int(values["gap_samples"]),
            hinted=tuple(map(str, values["hinted"])),
            states=cast("dict[str, State]", _with_arrays(values["states"], arrays)),
        )
    except (zlib.error, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise SavedSessionError(f"it is damaged ({type(error).__name__})") from error
    if saved.chain != chain:
        raise SavedSessionError("its stages are not those of this server")
    return saved


def _without_arrays(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """``value`` as JSON has it; the arrays in it are appended to ``arrays``."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case np.ndarray():
            if value.dtype.kind not in KINDS:
                raise SavedSessionError(f"a state has an array of {value.dtype}, and only numbers can be kept")
            arrays.append(value)
            return {ARRAY: len(arrays) - 1}
        case np.generic():
            return value.item()
        case Mapping():
            if not all(isinstance(key, str) and key != ARRAY for key in value):
                raise SavedSessionError("a state has a mapping whose keys are not all text")
            return {key: _without_arrays(each, arrays) for key, each in value.items()}
        case Sequence() if not isinstance(value, bytes | bytearray):
            return [_without_arrays(each, arrays) for each in value]
    raise SavedSessionError(f"a state has a value of {type(value).__name__}, which cannot be kept")


def _with_arrays(value: Any, arrays: Sequence[NDArray[Any]]) -> Any:
    match value:
        case dict() if ARRAY in value:
            return arrays[value[ARRAY]]
        case dict():
            return {key: _with_arrays(each, arrays) for key, each in value.items()}
        case list():
            return [_with_arrays(each, arrays) for each in value]
    return value


def _arrays(kinds: Sequence[Any], data: memoryview) -> list[NDArray[Any]]:
    found: list[NDArray[Any]] = []
    begin = 0
    for kind, shape in kinds:
        dtype = np.dtype(kind)
        if dtype.kind not in KINDS or any(length < 0 for length in shape):
            raise ValueError(f"an array of {dtype} and of shape {shape}")
        count = int(np.prod(shape, dtype=np.int64))
        end = begin + count * dtype.itemsize
        found.append(np.frombuffer(data[begin:end], dtype).reshape(shape).copy())
        begin = end
    if begin != len(data):
        raise ValueError("arrays of other lengths than are told")
    return found
