"""The server as an endpoint of RFC 6455, frame by frame: what it must take, what it must refuse, and with which close code."""

import json
import struct

import pytest

from support.raw_websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, RawWebSocket, close, frame

pytestmark = pytest.mark.e2e

START = b'{"action": "start"}'
STARTED = {"event": "started", "num_speakers": 2}
STOP = frame(TEXT, b'{"action": "stop"}')

PROTOCOL_ERROR = 1002
INVALID_DATA = 1007


@pytest.fixture
def raw(server):
    """A connection that has said nothing yet."""
    with RawWebSocket(server.url) as connection:
        yield connection


def is_started(raw):
    heard = raw.hear()
    return heard is not None and heard.opcode == TEXT and json.loads(heard.payload) == STARTED


# -- what must be refused --------------------------------------------------------------------------------------------------------

FAULTS = [
    *[(f"5.2, reserved bit {bit} without an extension", frame(TEXT, START, rsv=bit), PROTOCOL_ERROR) for bit in (1, 2, 4)],
    ("5.2, reserved bits in a control frame", frame(PING, rsv=7), PROTOCOL_ERROR),
    *[(f"5.2, reserved opcode {code:#x}", frame(code), PROTOCOL_ERROR) for code in (*range(3, 8), *range(11, 16))],
    ("5.2, length in 2 bytes that fits in 7 bits", frame(TEXT, b"{}", length=b"\x7e\0\2"), PROTOCOL_ERROR),
    ("5.2, length in 8 bytes that fits in 2", frame(TEXT, b"{}", length=b"\x7f" + bytes(7) + b"\2"), PROTOCOL_ERROR),
    ("5.2, length with its highest bit set", frame(BINARY, length=b"\x7f\xff" + bytes(7)), PROTOCOL_ERROR),
    ("5.1, text that is not masked", frame(TEXT, START, masked=False), PROTOCOL_ERROR),
    ("5.1, ping that is not masked", frame(PING, masked=False), PROTOCOL_ERROR),
    ("5.1, close that is not masked", frame(CLOSE, b"\3\xe8", masked=False), PROTOCOL_ERROR),
    *[(f"5.5, control frame {code:#x} in fragments", frame(code, fin=False), PROTOCOL_ERROR) for code in (CLOSE, PING, PONG)],
    *[(f"5.5, control frame {code:#x} of 126 bytes", frame(code, bytes(126)), PROTOCOL_ERROR) for code in (CLOSE, PING, PONG)],
    ("5.4, continuation of nothing", frame(CONTINUATION, b"{}"), PROTOCOL_ERROR),
    ("5.4, first fragment of a continuation of nothing", frame(CONTINUATION, b"{}", fin=False), PROTOCOL_ERROR),
    ("5.4, continuation after a message that is whole", frame(TEXT, START) + frame(CONTINUATION, b"{}"), PROTOCOL_ERROR),
    ("5.4, text within a fragmented text", frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), PROTOCOL_ERROR),
    ("5.4, binary within a fragmented text", frame(TEXT, b"{", fin=False) + frame(BINARY, b"\0\0"), PROTOCOL_ERROR),
    ("5.5.1, close of one byte", frame(CLOSE, b"\3"), PROTOCOL_ERROR),
    *[
        (f"7.4, close code {code}, which must not be sent", close(code), PROTOCOL_ERROR)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
    ],
    ("5.5.1, close reason that is not UTF-8", close(1000, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80"), INVALID_DATA),
    ("8.1, text that is not UTF-8", frame(TEXT, b'{"action": "\xff"}'), INVALID_DATA),
    ("8.1, surrogate in UTF-8", frame(TEXT, b'"\xed\xa0\x80"'), INVALID_DATA),
    ("8.1, overlong UTF-8", frame(TEXT, b'"\xc0\xaf"'), INVALID_DATA),
    ("8.1, character beyond U+10FFFF", frame(TEXT, b'"\xf4\x90\x80\x80"'), INVALID_DATA),
    ("8.1, text that ends within a character", frame(TEXT, b'"\xe2\x82'), INVALID_DATA),
    (
        "8.1, fragments that are not UTF-8 together",
        frame(TEXT, b'"\xe2', fin=False) + frame(CONTINUATION, b'\x82"'),
        INVALID_DATA,
    ),
    ("8.1, a fragment that can be no UTF-8, before the last one has come", frame(TEXT, b"\xff", fin=False), INVALID_DATA),
]


@pytest.mark.parametrize(("data", "code"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_frame_that_breaks_the_protocol_is_answered_with_its_close_code(raw, data, code):
    raw.send(data)

    assert raw.hear_close() == code
    raw.send(close(code))
    assert raw.is_at_its_end()


def test_fault_in_a_running_session_ends_it(raw, server):
    raw.send(frame(TEXT, START) + frame(BINARY, bytes(3200)))
    assert is_started(raw)
    raw.send(frame(0xB))

    assert raw.hear_close() == PROTOCOL_ERROR
    server.logged(r"ended \(client left\) after 0\.1 s")


def test_close_code_is_read_however_much_was_sent_besides(raw):
    """Section 7.1.7 has the connection fail; a reset for what was not read would take the close frame with it."""
    raw.send(frame(0xB) + bytes(1 << 20))

    assert raw.hear_close() == PROTOCOL_ERROR


# -- what must be taken ----------------------------------------------------------------------------------------------------------

TAKEN = [
    (
        "5.4, a fragment for each byte",
        [frame(TEXT, START[:1], fin=False), *[frame(0, bytes([b]), fin=False) for b in START[1:]], frame(0)],
    ),
    ("5.4, empty fragments", [frame(TEXT, fin=False), frame(0, START, fin=False), frame(0)]),
    ("5.5.3, a pong that nobody asked for", [frame(PONG, b"here I am"), frame(TEXT, START)]),
    (
        "8.1, a character in two fragments",
        [frame(TEXT, b'{"action": "start", "a": "\xe2\x82', fin=False), frame(0, b'\xac"}')],
    ),
    ("5.2, a length in 2 bytes", [frame(TEXT, START + b" " * 200)]),
    ("7.1, nothing but the frame's bytes, however they come", [bytes([value]) for value in frame(TEXT, START)]),
]


@pytest.mark.parametrize("parts", [case[1] for case in TAKEN], ids=[case[0] for case in TAKEN])
def test_message_is_read_however_it_is_sent(raw, parts):
    for part in parts:
        raw.send(part)

    assert is_started(raw)


def test_several_messages_in_one_piece_are_all_read(raw):
    raw.send(frame(TEXT, START) + frame(BINARY, bytes(3200)) + STOP)

    assert is_started(raw)
    assert raw.hear_close() == 1000


@pytest.mark.parametrize("payload", [b"", b"a", bytes(range(125))], ids=["empty", "short", "longest"])
def test_ping_is_answered_with_what_it_holds(raw, payload):
    """Section 5.5.3: a pong has the application data of the ping that it answers."""
    raw.send(frame(PING, payload))

    assert raw.hear() == Frame(PONG, payload)


def test_ping_in_the_middle_of_a_message_is_answered_before_it_is_whole(raw):
    """Section 5.4: control frames may come between the fragments of a message."""
    raw.send(frame(TEXT, START[:5], fin=False) + frame(PING, b"now"))
    assert raw.hear() == Frame(PONG, b"now")
    raw.send(frame(CONTINUATION, START[5:]))

    assert is_started(raw)


# -- the closing handshake -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
def test_close_is_answered_with_its_code(raw, code):
    """Section 5.5.1: an endpoint typically echoes the status code; section 7.1.1: the server closes the connection first."""
    raw.send(close(code, b"good bye"))

    assert raw.hear_close() == code
    assert raw.is_at_its_end()


@pytest.mark.parametrize("payload", [b"", struct.pack("!H", 1000) + "ü".encode() * 61], ids=["no code", "longest reason"])
def test_close_with_nothing_or_all_that_fits_is_answered(raw, payload):
    raw.send(frame(CLOSE, payload))

    assert raw.hear_close() == (1000 if payload else None)
    assert raw.is_at_its_end()


def test_what_comes_after_a_close_is_not_heard(raw):
    """Section 5.5.1: nothing is sent after a close frame, and section 1.4: nothing is received after it."""
    raw.send(close(1000) + frame(PING, b"more") + frame(0xB))

    assert raw.hear() == Frame(CLOSE, b"\3\xe8")
    assert raw.is_at_its_end()


def test_our_close_waits_for_the_answer_of_the_client(raw):
    """Section 7.1.1: the connection is closed once both have sent a close frame."""
    raw.send(frame(TEXT, START) + STOP)
    assert raw.hear_close() == 1000
    raw.send(frame(PING, b"I am still here") + close(1000))

    while (heard := raw.hear()) is not None:
        assert heard.opcode == PONG


# -- limits ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fragments", [1, 64])
def test_message_over_the_limit_is_refused_with_1009(raw, fragments):
    """Section 10.4: limits on the size of frames, and of messages after reassembly from several frames."""
    piece = bytes((2 << 20) // fragments)
    raw.send(frame(TEXT, START))
    raw.send(frame(BINARY, piece, fin=fragments == 1))
    for number in range(1, fragments):
        raw.send(frame(CONTINUATION, piece, fin=number == fragments - 1))

    assert raw.hear_close() == 1009


def test_empty_fragments_without_end_hold_nobody_up(raw, connect):
    """Section 10.4: what a client sends is bounded where it would exhaust the server."""
    raw.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):  # noqa: PT012 - the server reads it more and more slowly
        raw.send(frame(BINARY, fin=False))
        while True:
            raw.send(frame(CONTINUATION, fin=False) * 5000)
    with connect() as client:
        client.start()
        client.stream(bytes(32_000))
        assert client.report()["speakers"] == []
