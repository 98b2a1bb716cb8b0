"""Fetching: whole or not at all, and one sentence for whatever goes wrong."""

import errno
import os
import shutil
import time
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants

from speaker_tracker.models import ModelError, hub_folder, resolve
from speaker_tracker.models.catalogue import HUB_FILES, HUB_ID, HUB_REVISION
from speaker_tracker.models.fetch import fetch


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A folder in the hub's layout; what is in it is what a download brings."""
    folder = tmp_path / "hub"
    folder.mkdir()
    for name in (*HUB_FILES, "README.md"):
        (folder / name).write_bytes(name.encode())

    def download(repo_id, *, revision, local_dir, allow_patterns, **_):
        assert (repo_id, revision) == (HUB_ID, HUB_REVISION)
        (Path(local_dir) / ".cache" / "huggingface").mkdir(parents=True)
        for name in allow_patterns:
            if (folder / name).exists():
                shutil.copy(folder / name, Path(local_dir) / name)
        return str(local_dir)

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: None)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return folder


def left_over(cache):
    return [path.name for path in hub_folder(cache).parent.glob(".*")]


@pytest.mark.usefixtures("hub")
def test_auto_selects_the_fetched_model(tmp_path):
    cache = tmp_path / "cache"
    folder = fetch(cache)
    assert resolve("auto", cache).path == folder == hub_folder(cache)
    assert sorted(path.name for path in folder.iterdir()) == sorted(HUB_FILES)
    assert left_over(cache) == []


@pytest.mark.usefixtures("hub")
def test_a_complete_model_is_not_fetched_again(tmp_path, monkeypatch):
    fetch(tmp_path)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", None)
    assert fetch(tmp_path) == hub_folder(tmp_path)


@pytest.mark.usefixtures("hub")
def test_an_incomplete_model_is_replaced(tmp_path):
    fetch(tmp_path)
    (hub_folder(tmp_path) / "classifier.ckpt").write_bytes(b"")
    fetch(tmp_path)
    assert resolve("hub", tmp_path).path == hub_folder(tmp_path)


@pytest.mark.usefixtures("hub")
def test_a_download_that_breaks_off_leaves_nothing_that_looks_like_a_model(tmp_path, monkeypatch):
    def breaks_off(*_, local_dir, **__):
        for name in HUB_FILES[:-1]:
            (Path(local_dir) / name).write_bytes(b"x")
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", breaks_off)
    with pytest.raises(ModelError, match="could not be fetched"):
        fetch(tmp_path)
    assert not hub_folder(tmp_path).exists()
    assert left_over(tmp_path) == []


def test_a_revision_that_lacks_a_file_is_reported(hub, tmp_path):
    (hub / "label_encoder.txt").unlink()
    with pytest.raises(ModelError, match=r"lacks label_encoder\.txt"):
        fetch(tmp_path)
    assert not hub_folder(tmp_path).exists()


@pytest.mark.usefixtures("hub")
def test_a_full_disk_is_reported_with_the_setting_that_helps(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", full)
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
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
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
