"""A client of a soak test: most are well-behaved, and others vanish, stall, err, or lose their connection and resume."""

import json
import random
import time

from support.fuzz_talk import Talk
from support.raw_socket import BINARY, frame

HABITS = ("stops", "stops", "stops", "resumes", "resumes", "vanishes", "resets", "half closes", "stalls", "errs", "floods")
FRAME_BYTES = 3200
ERRORS = (
    '{"action": "dance"}',
    "no JSON",
    '{"action": "start"}',
    '{"action": "gap", "ms": -1}',
    '{"action": "resume", "session": "no name"}',
)


class SoakClient:
    """One session of up to ``longest_seconds`` of ``pcm``, sent ``speed`` times as fast as it lasts."""

    def __init__(self, url, pcm, tally, number, *, speed, longest_seconds):  # noqa: PLR0913 - what it is made of
        self._url, self._pcm, self._tally, self._speed = url, pcm, tally, speed
        self._name = f"session {number}"
        self._chance = random.Random(number)
        self._blocks = int(self._chance.uniform(2, longest_seconds) * 10)
        self.habit = self._chance.choice(HABITS)

    def run(self):  # noqa: C901 - a habit after the other
        talk = Talk(self._url, self._tally, f"{self._name}, which {self.habit}")
        talk.text(json.dumps({"action": "start", "num_speakers": 3, "timeline": True, "resumable": self.habit == "resumes"}))
        self._send(talk, 0, self._blocks // 2)
        match self.habit:
            case "vanishes":
                talk.socket.drop()
                return
            case "resets":
                talk.socket.reset()
                return
            case "half closes":
                talk.leave()
                talk.socket.end_of_file()
                talk.expect_end()
                return
            case "errs":
                talk.text(self._chance.choice(ERRORS)) if self._chance.random() < 0.7 else talk.audio(bytes(3))
                talk.expect_end()
                return
            case "stalls":  # hears nothing for a while, and then all at once
                time.sleep(self._chance.uniform(1, 4))
            case "floods":
                talk.raw(frame(BINARY, self._piece(0, 50)) * 2)
            case "resumes":
                talk.hear()
                if talk.session is not None and not talk.closed:
                    talk = self._resumed(talk)
        if not talk.closed and talk.resumed_at is None:
            self._send(talk, self._blocks // 2, self._blocks)
        elif not talk.closed:
            self._send(talk, talk.resumed_at // 100, self._blocks)
        if not talk.closed:
            talk.text('{"action": "stop"}')
            talk.expect_end()

    def _resumed(self, talk):
        name = talk.session
        self._chance.choice([talk.socket.drop, talk.socket.reset])()
        again = Talk(self._url, self._tally, f"{self._name}, which has resumed")
        again.text(json.dumps({"action": "resume", "session": name}))
        deadline = time.monotonic() + 60
        while again.resumed_at is None and not again.closed and time.monotonic() < deadline:
            again.hear(0.1)
        return again

    def _send(self, talk, begin, end):
        for block in range(begin, end):
            if talk.closed:
                return
            talk.audio(self._piece(block, block + 1))
            if self.habit != "stalls":
                talk.hear()
            time.sleep(0.1 / self._speed)

    def _piece(self, begin, end):
        offset = begin * FRAME_BYTES % (len(self._pcm) - 50 * FRAME_BYTES)
        return self._pcm[offset : offset + (end - begin) * FRAME_BYTES]
