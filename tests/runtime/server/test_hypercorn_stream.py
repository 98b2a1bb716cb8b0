"""The parts that stand in for Hypercorn's: how much of a message is kept, and where they are put."""

import logging

import pytest
from hypercorn.protocol import h11, ws_stream
from wsproto.events import BytesMessage, TextMessage

from speaker_tracker.server import hypercorn_stream
from speaker_tracker.server.hypercorn_stream import NonBlockingWSStream, TruncatingBuffer


def put_in(buffer, *parts):
    message = BytesMessage if isinstance(parts[0], bytes) else TextMessage
    for part in parts:
        buffer.extend(message(part))
    return buffer.to_message()


@pytest.mark.parametrize("parts", [[b"abcd"], [b"ab", b"cd"], [b"", b"abcd", b""]])
def test_message_within_the_limit_is_kept_whole(parts):
    assert put_in(TruncatingBuffer(4), *parts)["bytes"] == b"abcd"


@pytest.mark.parametrize("parts", [[b"abcdefgh"], [b"abc", b"defgh"], [b"abcd", b"e", b"fgh", b"i" * 1000]])
def test_message_over_the_limit_is_kept_just_over_it(parts):
    assert put_in(TruncatingBuffer(4), *parts)["bytes"] == b"abcde"


def test_text_is_kept_as_long_as_a_command_may_be():
    assert put_in(TruncatingBuffer(4), "x" * 4096)["text"] == "x" * 4096
    assert len(put_in(TruncatingBuffer(4), "x" * 5000, "y" * 5000)["text"]) == 4097
    assert len(put_in(TruncatingBuffer(10_000), "x" * 9000)["text"]) == 9000


def test_each_message_starts_afresh():
    buffer = TruncatingBuffer(4)
    put_in(buffer, b"abcdefgh")
    buffer.clear()

    assert put_in(buffer, b"xy")["bytes"] == b"xy"


def test_install_puts_the_streams_where_hypercorn_makes_them(monkeypatch):
    monkeypatch.setattr(h11, "WSStream", ws_stream.WSStream)

    hypercorn_stream.install()
    hypercorn_stream.install()

    assert h11.WSStream is NonBlockingWSStream


def test_install_says_so_where_hypercorn_has_no_such_place(monkeypatch, caplog):
    monkeypatch.delattr(h11, "WSStream")

    with caplog.at_level(logging.WARNING):
        hypercorn_stream.install()

    assert "h11.WSStream" in caplog.text
    monkeypatch.undo()
    hypercorn_stream.install()
