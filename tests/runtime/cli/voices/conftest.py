import json
import threading
from datetime import date

import pytest
from websockets.sync.server import serve

from speaker_tracker.cli.voices.voices_file import Voices, write_voices
from support.client_harness import STARTED, timeline
from support.voices import voiceprint


@pytest.fixture(autouse=True)
def data_home(tmp_path, monkeypatch):
    """Nobody's own voices."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def keep(tmp_path):
    """Writes a file with the voices of some people, in this order."""

    def write(*people, model="ecapa-mini"):
        voices = Voices()
        for number, name in enumerate(people):
            voices = voices.with_print(name, voiceprint(number + 1.0, model=model), date(2026, 11, 20 + number % 9))
        write_voices(tmp_path / "voices.json", voices)
        return tmp_path / "voices.json"

    return write


@pytest.fixture
def printing_server():
    """A server that hears three speakers, the first of them by the first name that it is given, and has prints of two.

    ``starts``: what it was asked.
    """
    starts = []

    def run(websocket):
        start = json.loads(websocket.recv())
        starts.append(start)
        websocket.send(STARTED)
        while isinstance(websocket.recv(), bytes):
            pass
        known = start.get("known_voices") or [{"name": None}]
        name = {"name": known[0]["name"]} if known[0]["name"] else {}
        segments = [(0, 900, 0), (900, 1500, 1), (1500, 1600, 2)]
        websocket.send(timeline(1600, *segments))
        speakers = [{"id": who, "totalTimeMs": end - begin} for begin, end, who in segments]
        speakers[0] |= name
        if start.get("voiceprints"):
            for who in (0, 1):
                speakers[who]["voiceprint"] = voiceprint(10.0 + who).model_dump()
            websocket.send(
                json.dumps({"event": "voiceprints", "speakers": [{"id": 0, "voiceprint": voiceprint(9.0).model_dump()}]})
            )
        final = [{"startMs": begin, "endMs": end, "speakerId": who, **(name if who == 0 else {})} for begin, end, who in segments]
        websocket.send(json.dumps({"event": "report", "speakers": speakers, "segments": final}))

    with serve(run, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/ws/session"
        server.starts = starts
        yield server
        server.shutdown()
        thread.join()
