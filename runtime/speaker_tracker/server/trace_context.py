"""The trace that a client's handshake belongs to, from its header ``traceparent`` (https://www.w3.org/TR/trace-context/)."""

from __future__ import annotations

import re

VERSION_0 = "00"
INVALID_VERSION = "ff"
TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


def trace_of(traceparent: str | None) -> tuple[str, str]:
    """Ids of the trace and of the client's span, 32 and 16 hexadecimal digits; empty where the header is missing or not valid.

    Of a later version than 00 more may follow, which is passed over, as section 4 asks for.
    """
    match = TRACEPARENT.fullmatch((traceparent or "").strip())
    if match is None:
        return "", ""
    version, trace_id, span_id, more = match.groups()
    if version == INVALID_VERSION or (version == VERSION_0 and more) or not int(trace_id, 16) or not int(span_id, 16):
        return "", ""
    return trace_id, span_id
