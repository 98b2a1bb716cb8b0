"""Which ``traceparent`` is one (W3C Trace Context, section 3.2)."""

import pytest

from speaker_tracker.server.trace_context import trace_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize("header", [f"00-{TRACE}-{SPAN}-01", f" 00-{TRACE}-{SPAN}-00 ", f"cc-{TRACE}-{SPAN}-01-what-is-to-come"])
def test_valid_header_gives_its_ids(header):
    assert trace_of(header) == (TRACE, SPAN)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        TRACE,
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}\n-{SPAN}-01",
    ],
)
def test_what_is_not_valid_gives_none(header):
    assert trace_of(header) == ("", "")
