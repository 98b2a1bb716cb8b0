"""The form in which a session is kept, to be gone on with by another connection, process or machine: never any audio.

A saved session is JSON with the values of the state, and the numbers of its arrays behind it. JSON and arrays of whole numbers are
compressed; floating-point numbers and bytes would hardly get smaller, and take the most time. It names its format and the chain
that wrote it, has a checksum, and is read by the same chain only.
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
"""Mark, format, and checksum of all that follows."""
LENGTHS = struct.Struct(">II")
"""Of the compressed part, and of the JSON in it."""

ARRAY = "$array"
"""Key of a mapping that stands for an array: its number, in the order of the arrays' bytes."""

LARGEST_BYTES = 64 << 20
"""Most bytes of the compressed part of a saved session before it is compressed."""

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
    """The bytes of a saved session.

    Raises ``SavedSessionError`` where a state has other values than plain ones and arrays, or more than ``LARGEST_BYTES``.
    """
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
    size = len(text) + sum(array.nbytes for array in arrays)
    if size > LARGEST_BYTES:
        raise SavedSessionError(f"its state has {size} bytes, and at most {LARGEST_BYTES} are kept")
    numbers = [np.ascontiguousarray(array).tobytes() for array in arrays]
    compressible = [data for array, data in zip(arrays, numbers, strict=True) if _gets_smaller(array.dtype)]
    compressed = zlib.compress(b"".join([text, *compressible]), 1)
    plain = [data for array, data in zip(arrays, numbers, strict=True) if not _gets_smaller(array.dtype)]
    body = b"".join([LENGTHS.pack(len(compressed), len(text)), compressed, *plain])
    return HEAD.pack(MAGIC, FORMAT, zlib.crc32(body)) + body


def decode(data: bytes, chain: str) -> SavedSession:
    """The saved session in bytes that ``encode`` gave, to be gone on with in ``chain``; raises ``SavedSessionError``."""
    try:
        mark, version, checksum = HEAD.unpack_from(data)
    except struct.error as error:
        raise SavedSessionError("it is cut short") from error
    if mark != MAGIC:
        raise SavedSessionError("it is no saved session")
    if version != FORMAT:
        raise SavedSessionError(f"it was saved in format {version}, and this server reads format {FORMAT}")
    body = memoryview(data)[HEAD.size :]
    if zlib.crc32(body) != checksum:
        raise SavedSessionError("it is damaged")
    try:
        compressed, length = LENGTHS.unpack_from(body)
        body = body[LENGTHS.size :]
        # Unlike zlib.decompress, this stops at a bound.
        unpacked = memoryview(zlib.decompressobj().decompress(body[:compressed], LARGEST_BYTES))
        values = json.loads(bytes(unpacked[:length]))
        arrays = _arrays(values["arrays"], unpacked[length:], body[compressed:])
        saved = SavedSession(
            session_id=str(values["session_id"]),
            chain=str(values["chain"]),
            start=StartCommand.model_validate(values["start"]),
            position=int(values["position"]),
            gap_samples=int(values["gap_samples"]),
            hinted=tuple(map(str, values["hinted"])),
            states=cast("dict[str, State]", _with_arrays(values["states"], arrays)),
        )
    except (zlib.error, struct.error, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
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


def _gets_smaller(dtype: np.dtype[Any]) -> bool:
    return dtype.kind != "f" and dtype.itemsize > 1


def _arrays(kinds: Sequence[Any], unpacked: memoryview, plain: memoryview) -> list[NDArray[Any]]:
    found: list[NDArray[Any]] = []
    rest = {True: unpacked, False: plain}
    for kind, shape in kinds:
        dtype = np.dtype(kind)
        if dtype.kind not in KINDS or any(length < 0 for length in shape):
            raise ValueError(f"an array of {dtype} and of shape {shape}")
        data = rest[_gets_smaller(dtype)]
        end = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        found.append(np.frombuffer(data[:end], dtype).reshape(shape).copy())
        rest[_gets_smaller(dtype)] = data[end:]
    if any(map(len, rest.values())):
        raise ValueError("arrays of other lengths than are told")
    return found
