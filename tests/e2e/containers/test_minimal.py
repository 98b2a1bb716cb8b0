"""The image without a shell does what the image slim does."""

import shutil

import pytest

from support.container_server import ROOT, build
from support.pages import block, section, text_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def test_a_conversation_is_tracked(images, container, track):
    server = container(images["minimal"]).serving()

    report = track(server)
    assert [speaker["id"] for speaker in report["speakers"]] == [0, 1]
    assert all(speaker["totalTimeMs"] > 5_000 for speaker in report["speakers"])
    server.until(lambda: server.engine.attrs["State"]["Health"]["Status"] == "healthy")
    assert server.exec(["python", "-c", "import os; print(os.getuid())"]).output.strip() == b"10001"
    server.engine.stop(timeout=60)
    assert server.exit_status() == 0


def test_there_is_no_shell_to_start(images, container):
    server = container(images["minimal"]).serving()

    for shell in ("sh", "/bin/sh", "bash", "dash"):
        assert server.exec([shell, "-c", "exit 0"]).exit_code != 0, shell


def test_it_is_set_up_as_the_image_slim(images, engine):
    minimal, slim = (engine.images.get(images[target]).attrs["Config"] for target in ("minimal", "slim"))
    for name in ("Labels", "Entrypoint", "Cmd", "Healthcheck", "User", "ExposedPorts", "StopSignal", "WorkingDir"):
        assert minimal[name] == slim[name], name

    def settings(config):
        return {entry for entry in config["Env"] if entry.startswith(("SPEAKER_TRACKER_", "PYTHON"))}

    assert settings(minimal) == {entry for entry in settings(slim) if not entry.startswith("PYTHON_")}


def test_a_stage_of_ones_own_is_added_as_it_is_documented(images, container, track, tmp_path):
    shutil.copytree(ROOT / "plugins" / "template", tmp_path / "template")
    recipe = block(section(text_of("docs/deployment.md"), "Adding a stage"), "dockerfile", containing=":minimal")
    for target in ("slim", "minimal"):
        recipe = recipe.replace(f"speaker-tracker:{target}", images[target])
    install = "RUN pip install --no-deps your-stage\n"
    assert install in recipe
    recipe = recipe.replace(install, "COPY template /tmp/template\nRUN pip install --quiet --no-deps /tmp/template\n")
    (tmp_path / "Dockerfile").write_text(recipe)
    derived = build(tmp_path, "speaker-tracker-e2e:derived-minimal")
    stages = ["frame_decoder", "hum_filter", "silero_vad", "onnx_embedding", "kmeans_assigner", "timing_aggregator", "reporter"]
    server = container(derived, stages=stages).serving()

    assert server.health()["stages"] == stages
    assert len(track(server)["speakers"]) == 2
