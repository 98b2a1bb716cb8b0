"""JSON of control messages, read strictly: nothing in it that two readers could understand in two ways, or that costs much to read.

RFC 8259 leaves to readers what to make of doubled keys, of numbers beyond what they can hold, of surrogates without their partner,
and how deep objects may be nested (sections 4, 6, 8.2 and 9). ``NaN`` and ``Infinity``, which Python's reader takes, are no JSON.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

MAX_DEPTH = 16
"""Objects and lists within one another; the deepest message of the protocol has four."""

MAX_DIGITS = 100
"""Digits of a whole number; the longest of the protocol has ten."""

TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])')
ESCAPED = "\\u"


class UnfitJson(ValueError):
    """Text that is JSON perhaps, and not of the kind that is taken here; the message is half a sentence that says why."""


def parse_json(text: str) -> Any:
    """The value of ``text``. Raises ``ValueError`` where it is no JSON, and ``UnfitJson``, which is one, for what is not taken."""
    _check_depth(text)
    value = json.loads(
        text,
        object_pairs_hook=_object,
        parse_int=_whole_number,
        parse_float=_number,
        parse_constant=_constant,
    )
    if ESCAPED in text:
        _check_surrogates(value)
    return value


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for match in TEXT_OR_BRACKET.finditer(text):
        depth += bool(match[1]) - bool(match[2])
        if depth > MAX_DEPTH:
            raise UnfitJson(f"it is nested more than {MAX_DEPTH} levels deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise UnfitJson("an object in it has a key twice")
    return value


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise UnfitJson(f"a number in it has more than {MAX_DIGITS} digits")
    return int(digits)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UnfitJson("a number in it is too large")
    return value


def _constant(name: str) -> NoReturn:
    raise UnfitJson(f"{name} is no number in JSON")


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UnfitJson("a text in it has half of a surrogate pair") from error
