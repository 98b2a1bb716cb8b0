"""Fetching from a server in the hub's layout: whole and the right files or nothing, and one sentence for whatever goes wrong."""

import errno
import hashlib
import os
import threading
import time
from http.server import ThreadingHTTPServer

import huggingface_hub
import pytest
from huggingface_hub import constants

from speaker_tracker.models import ModelError, hub, hub_folder, resolve
from speaker_tracker.models import fetch as fetch_module
from speaker_tracker.models.catalogue import HUB_FILES, HUB_ID, HUB_PINS, HUB_REVISION
from speaker_tracker.models.fetch import fetch
from speaker_tracker.models.pinned import PinnedFile
from support.hub_server import HubServer

CONTENTS = {name: name.encode() * 50_000 for name in HUB_FILES}
OTHER = "main"


def path_of(name, revision=HUB_REVISION):
    return f"/{HUB_ID}/resolve/{revision}/{name}"


def pin(name, content):
    return PinnedFile(name, len(content), hashlib.sha256(content).hexdigest())


def is_at(address, monkeypatch):
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", address)


@pytest.fixture
def serve():
    """Starts servers; a kind of ``HubServer`` and its address, ``host:port``."""
    servers = []

    def start(**has):
        kind = type("Hub", (HubServer,), {"asked": [], **has})
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), kind))
        threading.Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return kind, f"127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def served(serve, monkeypatch):
    """The hub, with the files that are expected, by their digests, and others."""
    files = {path_of(name, revision): content for name, content in CONTENTS.items() for revision in (HUB_REVISION, OTHER)}
    kind, address = serve(files={**files, path_of("README.md"): b"x"})
    is_at(f"http://{address}", monkeypatch)
    monkeypatch.setattr(fetch_module, "HUB_PINS", tuple(pin(name, content) for name, content in CONTENTS.items()))
    return kind


def left_over(cache):
    return [path.name for path in hub_folder(cache).parent.glob(".*")]


def nothing_is_left(cache, revision=HUB_REVISION):
    return not hub_folder(cache, revision).exists() and left_over(cache) == []


@pytest.mark.usefixtures("served")
def test_auto_selects_the_fetched_model(tmp_path):
    cache, pieces = tmp_path / "cache", []
    folder = fetch(cache, progress=pieces.append)
    assert resolve("auto", cache).path == folder == hub_folder(cache)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENTS
    assert sum(pieces) == sum(map(len, CONTENTS.values()))
    assert left_over(cache) == []


def test_a_complete_model_is_not_fetched_again(served, tmp_path):
    fetch(tmp_path)
    served.asked.clear()
    assert fetch(tmp_path) == hub_folder(tmp_path)
    assert served.asked == []


@pytest.mark.usefixtures("served")
def test_an_incomplete_model_is_replaced(tmp_path):
    fetch(tmp_path)
    (hub_folder(tmp_path) / "classifier.ckpt").write_bytes(b"")
    fetch(tmp_path)
    assert resolve("hub", tmp_path).path == hub_folder(tmp_path)


@pytest.mark.parametrize("name", HUB_FILES)
def test_a_file_of_another_digest_is_refused_and_leaves_nothing(served, tmp_path, name):
    served.files[path_of(name)] = CONTENTS[name][:-1] + b"x"
    with pytest.raises(ModelError, match=rf"{name} that the hub .* sent is not that of {HUB_ID}: its SHA-256 digest is another"):
        fetch(tmp_path)
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("length_known", [True, False])
def test_a_file_that_is_too_long_is_not_taken(served, tmp_path, length_known):
    served.files[path_of(HUB_FILES[1])] = CONTENTS[HUB_FILES[1]] * 40
    served.length_known = length_known
    pieces = []
    with pytest.raises(ModelError, match=r"gives more than the \d+ bytes that are expected, and was not fetched"):
        fetch(tmp_path, progress=pieces.append)
    assert sum(pieces) <= sum(map(len, CONTENTS.values()))
    assert nothing_is_left(tmp_path)


def test_of_another_revision_the_size_alone_is_bounded(served, tmp_path, monkeypatch):
    served.files[path_of("classifier.ckpt", OTHER)] = b"another"
    assert (fetch(tmp_path / "cache", revision=OTHER) / "classifier.ckpt").read_bytes() == b"another"

    monkeypatch.setattr(fetch_module, "MOST_BYTES", 1000)
    with pytest.raises(ModelError, match="gives more than the 1000 bytes"):
        fetch(tmp_path / "smaller", revision=OTHER)
    assert nothing_is_left(tmp_path / "smaller", OTHER)


@pytest.mark.parametrize("revision", [HUB_REVISION, OTHER])
def test_a_download_that_breaks_off_leaves_nothing_that_looks_like_a_model(served, tmp_path, revision):
    served.breaks_off = path_of("classifier.ckpt", revision)
    with pytest.raises(ModelError, match=r"could not be fetched from the hub .* bytes"):
        fetch(tmp_path, revision=revision)
    assert nothing_is_left(tmp_path, revision)


def test_files_are_taken_from_where_the_hub_leads_to_without_any_token(served, serve, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    store, address = serve(files=dict(served.files))
    served.elsewhere = address
    fetch(tmp_path)
    assert [path for method, path, _ in store.asked if method == "GET"] == [path_of(name) for name in HUB_FILES]
    assert {token for *_, token in (*served.asked, *store.asked)} == {None}


def test_a_token_is_for_the_hub_alone(served, serve, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    store, address = serve(files=dict(served.files))
    served.elsewhere = address
    repository = hub.Repository(HUB_ID, HUB_REVISION, token=None)
    repository.fetch("classifier.ckpt", tmp_path, at_most=1 << 20, progress=lambda _: None)
    assert {token for *_, token in served.asked} == {"Bearer hf_secret"}
    assert {token for *_, token in store.asked} == {None}


@pytest.mark.usefixtures("served")
def test_no_file_of_this_machine_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(
        hub, "get_hf_file_metadata", lambda *_, **__: type("Found", (), {"size": 1, "location": "file:///etc/hostname"})
    )
    with pytest.raises(ModelError, match="is no address of the web"):
        fetch(tmp_path)
    assert nothing_is_left(tmp_path)


def test_a_revision_that_lacks_a_file_is_reported(served, tmp_path):
    del served.files[path_of("label_encoder.txt")]
    with pytest.raises(ModelError, match=r"lacks label_encoder\.txt"):
        fetch(tmp_path)
    assert nothing_is_left(tmp_path)


def test_an_empty_file_of_another_revision_counts_as_missing(served, tmp_path):
    served.files[path_of("label_encoder.txt", OTHER)] = b""
    with pytest.raises(ModelError, match=r"lacks label_encoder\.txt"):
        fetch(tmp_path, revision=OTHER)
    assert nothing_is_left(tmp_path, OTHER)


@pytest.mark.usefixtures("served")
def test_a_full_disk_is_reported_with_the_setting_that_helps(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(hub, "download", full)
    with pytest.raises(ModelError, match=r"No space left on device.*SPEAKER_TRACKER_MODEL_CACHE"):
        fetch(tmp_path)


def test_a_cache_that_cannot_be_created_is_reported(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="cannot be written to"):
        fetch(tmp_path / "file")


@pytest.mark.parametrize("revision", ["", "..", "../../x", "a/b", ".git"])
def test_a_revision_cannot_lead_out_of_the_cache(tmp_path, revision):
    with pytest.raises(ModelError, match="revision cannot be"):
        fetch(tmp_path, revision=revision)


def test_a_hub_that_refuses_connections_is_reported_within_seconds(tmp_path, monkeypatch):
    """Nothing listens on the discard port; the real client of the hub talks to it."""
    is_at("http://127.0.0.1:9", monkeypatch)
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"could not be fetched from the hub at http://127\.0\.0\.1:9"):
        fetch(tmp_path)
    assert time.monotonic() - started < 10
    assert not hub_folder(tmp_path).exists()


def test_offline_mode_is_reported_with_its_variable(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    huggingface_hub.close_session()
    try:
        with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
            fetch(tmp_path)
    finally:
        huggingface_hub.close_session()


def test_every_file_is_pinned_by_length_and_digest():
    assert [pin.name for pin in HUB_PINS] == list(HUB_FILES)
    assert all(pin.bytes > 0 and len(bytes.fromhex(pin.sha256)) == 32 for pin in HUB_PINS)
    assert len(HUB_REVISION) == 40
