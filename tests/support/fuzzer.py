"""A fuzzer of the whole socket: many connections at once that do anything, beside witnesses whose sessions must not notice.

Each connection follows a program that is made from the seed and the program's number, so that it can be repeated. What other
connections do at the same time is another thing each time.
"""

import random
import re
import threading
import time
from collections import deque
from itertools import count

from support import fuzz_messages
from support.fuzz_talk import Talk, Tally
from support.level_chain import conversation, right_report
from support.raw_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawSocket, frame

LENGTHS = (0, 2, 4, 6, 100, 638, 640, 3200, 3200, 3200, 6400, 32_000, 32_002, 64_000)
SILENCE, NOISE = bytes(1 << 16), random.Random(1).randbytes(1 << 16)
SETTINGS = {
    "max_lag_ms": 0,
    "idle_timeout_seconds": 5,
    "start_timeout_seconds": 5,
    "resume_seconds": 20,
    "checkpoint_seconds": 0.5,
    "batch_wait_ms": 0,
}
"""Of a server that is fuzzed: it refuses nobody for being slow, and what is left behind soon ends."""

COMPLAINT = re.compile(r"Traceback|never retrieved|never awaited|[Uu]nhandled|ERROR|Exception|was destroyed")
"""What must not be in the log."""


def complaints(log):
    """The lines of a server's log that tell of something nobody had thought of."""
    return [line for line in log if COMPLAINT.search(line)]


def open_sessions(server):
    """How many sessions a server has once all clients are gone, and what they left has timed out."""
    deadline = time.monotonic() + 20
    while (left := server.health()[1]["sessions"]) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


class Fuzzer:
    """``run`` sends so many messages, from ``threads`` connections at once."""

    def __init__(self, url, seed, threads=4):
        self.url, self.seed, self.threads = url, seed, threads
        self.tally = Tally()
        self._numbers = count()
        self._names = deque(["A" * 43], maxlen=50)  # of sessions that can be resumed, or could
        self._left = deque()

    def run(self, messages):
        end = self.tally.messages + messages
        workers = [threading.Thread(target=self._work, args=(end,)) for _ in range(self.threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        while self._left:
            self._left.popleft().socket.drop()

    def _work(self, end):
        while self.tally.messages < end and len(self.tally.findings) < 20:
            number = next(self._numbers)
            try:
                self.program(number)
            except Exception as error:  # the server's doing, as a program raises nothing by itself
                self.tally.found(f"program {number}: {type(error).__name__}: {error}")

    def program(self, number):
        """All that one connection does."""
        chance = random.Random(f"{self.seed}/{number}")
        if chance.random() < 0.03:
            self._odd_handshake(chance)
            return
        talk = Talk(self.url, self.tally, f"program {number}")
        self._open(talk, chance)
        for _ in range(min(200, int(chance.expovariate(1 / 15)))):
            if talk.closed:
                break
            self._act(talk, chance)
            if chance.random() < 0.3:
                talk.hear()
        talk.hear()
        if talk.session is not None:
            self._names.append(talk.session)
        self._end(talk, chance)

    def _open(self, talk, chance):
        draw = chance.random()
        if draw < 0.7:
            talk.text(fuzz_messages.start(chance))
        elif draw < 0.9:
            name = chance.choice(list(self._names))
            if chance.random() < 0.1:
                name = fuzz_messages.damaged(chance, name)
            talk.text(fuzz_messages.json.dumps({"action": "resume", "session": name}))
        if chance.random() < 0.5:  # others send before they have heard
            talk.hear(0.05)
            if talk.session is not None:
                self._names.append(talk.session)

    def _act(self, talk, chance):
        draw = chance.random()
        if draw < 0.6:
            talk.audio(self._sound(chance))
        elif draw < 0.72:
            talk.text(f'{{"action": "gap", "ms": {chance.choice([1, 7, 100, 1500, 60_000, 86_400_000])}}}')
        elif draw < 0.82:
            talk.text('{"action": "keepalive"}')
        elif draw < 0.87:
            talk.ping(NOISE[: chance.choice([0, 1, 125])])
        elif draw < 0.9:
            talk.raw(frame(PONG, b"unasked"))
        elif draw < 0.94:
            self._send_in_pieces(talk, chance)
        elif draw < 0.99:
            self._err(talk, chance)
        else:
            self._break(talk, chance)

    @staticmethod
    def _sound(chance):
        length = chance.choice(LENGTHS)
        return chance.choice([SILENCE, NOISE, conversation(chance.randrange(30), chance.randrange(30, 40))])[:length]

    def _send_in_pieces(self, talk, chance):
        data = self._sound(chance)
        cuts = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(1, 5)))
        parts = [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, None], strict=True)]
        for place, part in enumerate(parts):
            talk.raw(frame(CONTINUATION if place else BINARY, part, fin=place == len(parts) - 1))
            if chance.random() < 0.2:
                talk.ping(b"between")

    def _err(self, talk, chance):  # noqa: C901 - one of many
        """Something that ends a session with an error, or would if it were not right by chance."""
        match chance.randrange(9):
            case 0 if chance.random() < 0.1:
                talk.audio(bytes(chance.choice([1 << 20, (1 << 20) + 2, 4 << 20])))
            case 0:
                talk.text(fuzz_messages.odd_command(chance))
            case 1:
                talk.text(fuzz_messages.damaged(chance, fuzz_messages.start(chance)))
            case 2:
                talk.text(fuzz_messages.deep(chance))
            case 3 if chance.random() < 0.2:
                talk.text(fuzz_messages.huge(chance))
            case 3:
                talk.text('{"action": "stop"}')
            case 4:
                talk.text(fuzz_messages.no_command(chance))
            case 5:
                talk.audio(NOISE[: chance.choice([1, 3, 639, 32_001])])
            case 6:
                talk.audio(chance.choice([b'{"action": "stop"}', b"{" + NOISE[:999], b"RIFF" + NOISE[:3000]]))
            case 7:
                talk.text(fuzz_messages.start(chance, known_voices=fuzz_messages.wrong_voices(chance)))
            case _:
                talk.text(fuzz_messages.json.dumps({"action": "resume", "session": chance.choice(list(self._names))}))

    def _break(self, talk, chance):
        """Something that is no WebSocket any more."""
        reserved = frame(chance.choice([TEXT, BINARY]), b"{}", reserved=chance.randint(1, 7))
        talk.raw(
            chance.choice(
                [
                    reserved,
                    frame(chance.choice([0x3, 0x7, 0xB, 0xF]), b"unknown"),
                    frame(TEXT, b'{"action": "stop"}', masked=False),
                    frame(TEXT, b"\xff\xfe\xc0"),
                    frame(PING, bytes(126)),
                    frame(PING, b"", fin=False),
                    frame(CONTINUATION, b"of nothing"),
                    frame(BINARY, b"", fin=False) + frame(TEXT, b"in between"),
                    frame(CLOSE, chance.choice([b"\x03", b"\0\0", b"\x03\xed", b"\x27\x10", b"\x03\xe8\xff\xff"])),
                    frame(BINARY, b"12", length=1 << 63),
                    frame(BINARY, b"12", length=100),
                    NOISE[(begin := chance.randrange(1000)) : begin + 300],
                ]
            ),
            broken=True,
        )

    def _end(self, talk, chance):
        draw = chance.random()
        if chance.random() < 0.5:
            talk.hear(0.02)
        if talk.closed:
            return
        if draw < 0.45:
            talk.text('{"action": "stop"}')
            if chance.random() < 0.2:
                talk.text('{"action": "stop"}')
                talk.audio(SILENCE[:3200])
            talk.expect_end()
        elif draw < 0.55:
            talk.leave(chance.choice([1000, 1001, 3000, 4999]))
            talk.expect_end()
        elif draw < 0.65:
            talk.leave()
            talk.socket.end_of_file()
            talk.expect_end()
        elif draw < 0.8:
            talk.socket.reset()
        elif draw < 0.95:
            talk.socket.drop()
        else:  # open, and silent
            self._left.append(talk)
            if len(self._left) > 16:
                self._left.popleft().socket.drop()

    def _odd_handshake(self, chance):
        odd = RawSocket(self.url, handshake=False)
        self.tally.connections += 1
        self.tally.sent()
        odd.send(
            chance.choice(
                [
                    odd.request(Sec_WebSocket_Version="8"),
                    odd.request(Sec_WebSocket_Key=None),
                    odd.request(Sec_WebSocket_Key="no base64"),
                    odd.request(Upgrade=None),
                    odd.request(Connection="close"),
                    odd.request(Sec_WebSocket_Protocol="\xe9, bearer"),
                    odd.request(Authorization="Bearer " + "x" * 1000),
                    odd.request(Cookie="x" * 200_000),
                    odd.request(Host=None),
                    odd.request(Content_Length="5") + b"12345",
                    odd.request(Transfer_Encoding="chunked"),
                    odd.request().replace(b"GET", b"POST"),
                    odd.request()[: chance.randrange(200)],
                    odd.request().replace(b"\r\n", b"\n"),
                    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + NOISE[:500],
                    NOISE[:1000],
                    b"GET / HTTP/9.9\r\n\r\n",
                ]
            )
        )
        odd.end_of_file()
        try:
            answer = odd.http_answer()
        except ConnectionResetError:
            answer = b""
        if answer and not re.match(rb"HTTP/1\.[01] (101|200|30\d|4\d\d|501) ", answer):
            self.tally.found(f"an odd handshake was answered with {answer[:80]!r}")
        odd.drop()


class Witness(threading.Thread):
    """A session beside the others; ``wrong`` says what was not as it would be alone, once it is stopped.

    ``resumes``: it loses its connection now and then, and resumes the session.
    """

    def __init__(self, url, *, resumes=False):
        super().__init__(daemon=True)
        self._url, self._resumes = url, resumes
        self._over = threading.Event()
        self.losses = 0
        self.blocks = 0
        self.wrong = "it has not ended"

    def end(self):
        self._over.set()
        self.join(120)
        return self.wrong

    def run(self):
        try:
            self.wrong = self._go_on()
        except Exception as error:
            self.wrong = f"{type(error).__name__}: {error}"

    def _go_on(self):
        tally = Tally()
        talk = Talk(self._url, tally, "the witness")
        talk.text(fuzz_messages.json.dumps({"action": "start", "num_speakers": 3, "timeline": True, "resumable": self._resumes}))
        while talk.last != "started":
            self._next(talk)
        name, sent = talk.session, 0
        while not self._over.is_set():
            talk.audio(conversation(self.blocks, self.blocks + 1))
            self.blocks += 1
            sent += 1
            talk.hear()
            time.sleep(0.01)
            if self._resumes and sent % 50 == 0:
                talk = self._resumed(talk, tally, name)
        talk.text('{"action": "stop"}')
        talk.expect_end()
        if tally.findings:
            return tally.findings[0]
        report = talk.report
        return "" if report == right_report(self.blocks) else f"the report was {str(report)[:500]}"

    def _resumed(self, talk, tally, name):
        talk.socket.reset()
        self.losses += 1
        again = Talk(self._url, tally, "the witness")
        again.text(fuzz_messages.json.dumps({"action": "resume", "session": name}))
        while again.resumed_at is None:
            self._next(again)
        self.blocks = again.resumed_at // 100
        return again

    @staticmethod
    def _next(talk):
        talk.hear(0.1)
        if talk.closed:
            raise ConnectionError(f"closed, after {talk.last} {talk.error}")
