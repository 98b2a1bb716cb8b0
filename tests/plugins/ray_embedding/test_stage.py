import socket
import sys

import pytest

from speaker_tracker.engine.assembly import load_stage
from speaker_tracker.engine.chain import ChainError
from speaker_tracker.settings import load_settings
from speaker_tracker.stage import StageLoadError
from support.stage_harness import load


def test_without_the_extra_its_name_is_told(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("speaker_tracker_plugins.ray_embedding.")]:
        if not name.endswith(".stage"):
            monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name == "ray" or name.startswith("ray.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoRay(), *sys.meta_path])

    with pytest.raises(StageLoadError, match=r"Ray Serve, which is not installed; run: pip install 'speaker-tracker\[ray\]'"):
        load("ray_embedding")


class NoRay:
    """Finds no Ray, as where it is not installed."""

    def find_spec(self, name, *_):
        if name == "ray" or name.startswith("ray."):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_where_there_is_no_cluster_its_address_is_told():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(StageLoadError, match=rf"no Ray cluster can be joined at '{address}': .*RAY_ADDRESS"):
            load("ray_embedding", address=address)


def test_a_stage_without_a_voice_model_cannot_be_shared():
    from speaker_tracker.ray_serve.voice_model import UnsuitableStage, VoiceModel  # noqa: PLC0415 - imports Ray

    with pytest.raises(UnsuitableStage, match="'reporter' embeds no windows of speech"):
        VoiceModel({}, "reporter", "", max_windows=32, wait_seconds=0)


def test_a_stage_that_does_not_exist_is_told_with_the_choices():
    with pytest.raises(ChainError, match=r"unknown stage 'onnx_embeding'; did you mean 'onnx_embedding'"):
        load_stage(load_settings(), "onnx_embeding")
