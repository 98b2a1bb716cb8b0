"""Containers that work together: a stage of one's own in a derived image, nginx before two servers, a sink for events."""

import json
import shutil
import time

import pytest
from testcontainers.core.container import DockerContainer

from support.container_server import PATIENCE, ROOT, ServerContainer, build
from support.known_conversation import SAMPLE_RATE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

WITH_EVENTS = "frame_decoder,silero_vad,onnx_embedding,kmeans_assigner,timing_aggregator,reporter,cloudevents_reporter"
BASE = "python:3.11-slim-bookworm"
SINK = """
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
refuse = 1
class Sink(BaseHTTPRequestHandler):
    def do_POST(self):
        global refuse
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(503 if refuse else 202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        print(json.dumps({"refused": bool(refuse), "headers": dict(self.headers.items()), "body": body}), flush=True)
        refuse = 0
HTTPServer(("", 8080), Sink).serve_forever()
"""


@pytest.mark.parametrize("target", ["full", "slim"])
def test_a_stage_of_ones_own_works_in_a_derived_image(images, container, track, tmp_path, target):
    shutil.copytree(ROOT / "plugins" / "template", tmp_path / "template")
    # Without PyTorch, pip must not look at what the server would require.
    options = "--no-deps " if target == "slim" else ""
    (tmp_path / "Dockerfile").write_text(
        f"FROM {images[target]}\nUSER root\nCOPY template /tmp/template\n"
        f"RUN pip install --quiet {options}/tmp/template && rm -rf /tmp/template\nUSER 10001:10001\n"
    )
    derived = build(tmp_path, f"speaker-tracker-e2e:derived-{target}")
    embedding = "onnx_embedding" if target == "slim" else "speechbrain_embedding"
    stages = ["frame_decoder", "hum_filter", "silero_vad", embedding, "kmeans_assigner", "timing_aggregator", "reporter"]
    server = container(derived, stages=stages, stage_options__hum_filter__cutoff_hz="120").serving()

    assert server.health()["stages"] == stages
    assert len(track(server)["speakers"]) == 2


@pytest.fixture
def nginx(network, tmp_path):
    """nginx with the configuration of deploy/, on port 8080."""
    shutil.copy(ROOT / "deploy" / "nginx.conf", tmp_path / "nginx.conf")
    (tmp_path / "Dockerfile").write_text(
        f"FROM {BASE}\nRUN apt-get update -qq && apt-get install -qq -y --no-install-recommends nginx-light\n"
        'COPY nginx.conf /etc/nginx/nginx.conf\nCMD ["nginx", "-g", "daemon off;"]\n'
    )
    made = ServerContainer(build(tmp_path, "speaker-tracker-e2e:nginx"), inner_port=8080)
    made.with_kwargs(user="10001:10001", read_only=True)
    made.with_tmpfs_mount("/tmp").with_network(network)
    yield made
    made.stop()


@pytest.fixture
def servers(images, container, network):
    """Two servers under one name."""
    made = [container(images["slim"]) for _ in range(2)]
    for server in made:
        server.with_network(network).with_network_aliases("speaker-trackers")
        server.serving()
    return made


def test_nginx_shares_sessions_out_to_two_servers(servers, nginx, client, pcm):
    nginx.serving()
    connections = []
    while not all(server.health()["sessions"] for server in servers):
        assert len(connections) < 20, "one server gets all sessions"
        connections.append(client(nginx.url))
        connections[-1].start(num_speakers=2)

    for connection in connections:
        connection.stream(pcm)
    for connection in connections:
        assert len(connection.report()["speakers"]) == 2
    assert nginx.get("/metrics")[0] == 404


def test_the_report_is_posted_to_a_sink(images, container, network, track, pcm):
    sink = DockerContainer(BASE).with_command(["python3", "-c", SINK]).with_network(network).with_network_aliases("sink")
    with sink:
        server = container(images["slim"], environment={"K_SINK": "http://sink:8080/reports"}, stages=WITH_EVENTS)
        server.with_network(network)
        report = track(server.serving(), pcm[: 15 * SAMPLE_RATE * 2])
        server.until(lambda: server.health()["counters"]["cloudevents_reporter"]["events_delivered"] == 1)

        def posts():
            return [json.loads(line) for line in sink.get_logs()[0].decode().splitlines()]

        server.until(lambda: len(posts()) >= 2)  # the sink answers first and prints then
        assert [post["refused"] for post in posts()] == [True, False]
        headers = {name.lower(): value for name, value in posts()[-1]["headers"].items()}
        assert headers["ce-specversion"] == "1.0"
        assert posts()[-1]["body"]["report"]["speakers"] == report["speakers"]


def test_a_sink_that_is_down_harms_nothing_but_its_events(images, container, track, pcm):
    server = container(
        images["slim"],
        stages=WITH_EVENTS,
        stage_options__cloudevents_reporter__sink="http://127.0.0.1:9/",
        stage_options__cloudevents_reporter__retries="1",
    ).serving()
    for _ in range(2):
        assert track(server, pcm[: 10 * SAMPLE_RATE * 2])["speakers"]
    server.until(lambda: server.health()["counters"]["cloudevents_reporter"]["events_lost"] == 2)
    begin = time.monotonic()
    server.engine.stop(timeout=PATIENCE)

    assert time.monotonic() - begin < PATIENCE
    assert server.exit_status() == 0
