"""Voiceprints and names are the client's: the server leaves them nowhere, and those that it cannot use are refused."""

import re
import resource
from urllib.request import urlopen

import psutil
import pytest

from speaker_tracker.protocol import Voiceprint

pytestmark = pytest.mark.e2e

NAME = "Zebulon Quuxley"
LAST_SECONDS = 16_000 * 2 * 25


@pytest.fixture
def server_and_home(start_server, tmp_path, monkeypatch):
    for variable in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        (tmp_path / variable).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.chdir(tmp_path)
    return start_server(log_level="debug", observers=["prometheus"]), tmp_path


def printed(report):
    return next(speaker["voiceprint"] for speaker in report["speakers"] if "voiceprint" in speaker)


def get(server, path):
    with urlopen(f"{server.url.replace('ws', 'http', 1).removesuffix('/ws/session')}{path}") as answer:
        return answer.read().decode()


def test_names_and_voiceprints_are_in_no_log_file_metric_or_core_dump(server_and_home, connect, pcm):
    server, home = server_and_home
    with connect(server.url) as client:
        client.start(voiceprints=True)
        client.stream(pcm)
        first = printed(client.report())
    with connect(server.url) as client:
        client.start(timeline=True, voiceprints=True, known_voices=[{"name": NAME, "voiceprint": first}])
        client.stream(pcm)
        report = client.report()
    assert NAME in {speaker.get("name") for speaker in report["speakers"]}
    vectors = {first["vector"], printed(report)["vector"]}

    left = "\n".join([*server.log, get(server, "/metrics"), get(server, "/health")])
    left += "\n".join(path.read_text(errors="replace") for path in home.rglob("*") if path.is_file() and path.suffix != ".pyc")
    for secret in (NAME, "Zebulon", *vectors, *(vector[:24] for vector in vectors)):
        assert secret not in left
    assert not re.search(r"(-?\d+\.\d+[,\s]+){8}", "\n".join(server.log)), "the log holds a row of numbers"
    process = psutil.Process(server.process.pid)
    for each in (process, *process.children(recursive=True)):
        if each.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(each.cmdline()):
            assert each.rlimit(resource.RLIMIT_CORE) == (0, 0)


def test_voices_that_cannot_be_used_end_their_session_and_no_other(connect, pcm):
    other = Voiceprint.of("another-model", 1, [0.1] * 256, 30.0).model_dump()
    with connect() as undisturbed:
        undisturbed.start()
        undisturbed.stream(pcm[:LAST_SECONDS])
        for known, code in (
            ([{"name": "Anna", "voiceprint": other}], "voiceprint_model"),
            ([{"name": "Anna", "voiceprint": {**other, "model": "ecapa-mini", "vector": "AAA="}}], "invalid_known_voices"),
            ([{"name": "", "voiceprint": other}], "invalid_known_voices"),
        ):
            with connect() as client:
                client.say(action="start", known_voices=known)
                assert client.heard("error")["code"] == code
                assert client.close_code() == 1008
        undisturbed.stream(pcm[LAST_SECONDS:])
        assert undisturbed.report()["speakers"]


def test_a_server_can_do_without(start_server, connect, pcm):
    server = start_server(known_voices=False)
    for asked in ({"voiceprints": True}, {"known_voices": [{"name": "Anna", "voiceprint": {}}]}):
        with connect(server.url) as client:
            client.say(action="start", **asked)
            assert client.heard("error")["code"] in {"known_voices_off", "invalid_known_voices"}
    with connect(server.url) as client:
        client.start()
        client.stream(pcm[:LAST_SECONDS])
        assert all(set(speaker) == {"id", "totalTimeMs"} for speaker in client.report()["speakers"])
