"""One connection of the fuzzer: it counts what it sends, and holds every answer to the protocol."""

import json
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from speaker_tracker.protocol import CLOSE_CODE_OF, ServerMessage
from support.raw_socket import BINARY, CLOSE, PING, PONG, TEXT, RawSocket, close_frame, frame

MESSAGES = TypeAdapter(ServerMessage)
OF_BROKEN_FRAMES = {1002, 1007, 1009}
"""Close codes for what is no WebSocket any more: protocol error, text that is not UTF-8, too big."""


@dataclass
class Tally:
    """What all connections have sent and heard; ``findings`` are the answers that were not as they must be."""

    messages: int = 0
    connections: int = 0
    events: Counter = field(default_factory=Counter)
    errors: Counter = field(default_factory=Counter)
    closes: Counter = field(default_factory=Counter)
    findings: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sent(self):
        with self.lock:
            self.messages += 1

    def found(self, what):
        with self.lock:
            self.findings.append(what)


class Talk:
    """A WebSocket connection. ``name`` stands before its findings."""

    def __init__(self, url, tally, name):
        self._tally, self._name = tally, name
        self._broken = self._pinged = self._leaving = False
        self.session = self.resumed_at = self.report = None
        self.last = None
        self.error = None
        self.closed = False
        self.socket = RawSocket(url)
        with tally.lock:
            tally.connections += 1

    def text(self, text):
        self.raw(frame(TEXT, text.encode("utf-8", "surrogatepass")), broken=any("\ud800" <= each <= "\udfff" for each in text))

    def audio(self, data):
        self.raw(frame(BINARY, data))

    def ping(self, data):
        self._pinged = True
        self.raw(frame(PING, data))

    def raw(self, data, *, broken=False):
        """``broken``: whether this is no WebSocket as it should be."""
        self._broken |= broken
        self._tally.sent()
        try:
            self.socket.send(data)
        except TimeoutError:
            self._found("the server took no more data for a minute")
            self.closed = True
        except OSError:
            self.hear()
            if not self.closed:
                self._lost()

    def hear(self, within=0.0):
        """Takes in all that the server has sent; ``within``: seconds to wait for more, to the end of the connection."""
        while not self.closed:
            try:
                found = self.socket.frame(within)
            except TimeoutError:
                return
            except OSError:
                found = None
            if found is None:
                self._lost()
            else:
                self._take(found)

    def expect_end(self):
        """Waits for the end of the connection, which must come."""
        self.hear(30.0)
        if not self.closed:
            self._found(f"the connection did not end; the last message was {self.last}")

    def leave(self, code=None):
        """From now on the end is this client's own doing. ``code``: sends a close frame."""
        self._leaving = True
        if code is not None and not self.closed:
            self.raw(close_frame(code))

    def _take(self, found):
        match found.opcode:
            case 0x1:
                self._take_message(found.data)
            case 0x8:
                self._take_close(found)
            case 0x9:
                self.raw(frame(PONG, found.data))
            case 0xA if self._pinged or self._broken:
                pass
            case other:
                self._found(f"a frame of kind {other:#x}: {found.data[:80]!r}")

    def _take_message(self, data):
        try:
            message = MESSAGES.validate_json(data)
        except ValidationError:
            self._found(f"no message of the protocol: {data[:200]!r}")
            return
        self._tally.events[message.event] += 1
        if self.error is not None:
            self._found(f"{message.event} after the error {self.error}")
        self.last = message.event
        match message.event:
            case "started":
                self.session = message.session
            case "resumed":
                self.resumed_at = message.audioMs
            case "report":
                self.report = json.loads(data)
        if message.event == "error":
            self.error = message.code
            self._tally.errors[message.code.value] += 1
            if message.code.value == "stage_failed":
                self._found(f"stage_failed: {message.message}")

    def _take_close(self, found):
        self.closed = True
        code = found.close_code
        self._tally.closes[code] += 1
        right = {1000} if self.last == "report" else set()
        if self.error is not None:
            right = {CLOSE_CODE_OF[self.error]}
        if self._broken:
            right = right | OF_BROKEN_FRAMES
        if code not in right and not self._leaving:
            self._found(f"close code {code} after {self.last} {self.error or ''}")
        with suppress(OSError):
            self.socket.send(frame(CLOSE, found.data[:2]))
        self.socket.drop()

    def _lost(self):
        self.closed = True
        self._tally.closes["none"] += 1
        if not self._leaving and not self._broken:
            self._found(f"the connection ended without a close frame, after {self.last} {self.error or ''}")
        self.socket.drop()

    def _found(self, what):
        self._tally.found(f"{self._name}: {what}")
