"""Memory of an object and of all that is reachable from it."""

from __future__ import annotations

import gc
import sys
import types
from typing import Any

import numpy as np

SHARED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def held_bytes(root: object) -> int:
    """Bytes of everything reachable from ``root`` without going through modules, classes, functions and methods.

    A view counts as the array that it keeps alive. Weights shared with other stages are included: compare two measurements.
    """
    seen: set[int] = set()
    total = 0
    waiting: list[Any] = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, SHARED):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        base: Any = one.base if isinstance(one, np.ndarray) else None
        if base is not None and not isinstance(base, np.ndarray):
            total += one.nbytes  # the memory of a foreign object
        waiting.extend(gc.get_referents(one))
    return total
