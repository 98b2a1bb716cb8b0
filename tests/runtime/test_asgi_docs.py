"""The examples of docs/asgi.md work as they stand there: mounted applications, in process and by servers, and its commands."""

import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypercorn.config import Config
from starlette.testclient import TestClient

from speaker_tracker.settings import Settings
from support.protocol_client import ProtocolClient

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "asgi.md").read_text(encoding="utf-8")
HOSTS = ("Quart", "Starlette", "FastAPI")
SECOND = np.full(16_000, 1000, "<i2").tobytes()


def example(host):
    (code,) = re.findall(rf"^### {host}\n.*?```python\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE)
    return code


@pytest.fixture
def module(request, tmp_path):
    """The example of a host as a module in a folder."""
    (tmp_path / "host_app.py").write_text(example(request.param), encoding="utf-8")
    return tmp_path


def hold_session(socket):
    socket.send_text('{"action": "start"}')
    assert socket.receive_json()["event"] == "started"
    socket.send_bytes(SECOND)
    socket.send_text('{"action": "stop"}')
    while (message := socket.receive_json())["event"] != "report":
        pass
    return message["speakers"]


@pytest.mark.usefixtures("scripted_chain")
@pytest.mark.parametrize("host", HOSTS)
def test_all_of_it_works_below_the_path_of_the_host(host):
    namespace = {"__name__": "host_app"}
    exec(compile(example(host), "docs/asgi.md", "exec"), namespace)
    with TestClient(namespace["app"], backend="asyncio") as client:
        assert "racker" in client.get("/").text
        assert client.get("/tracker/health").json()["stages"] == ["scripted"]
        assert client.get("/tracker/asyncapi.yaml").status_code == 200
        assert client.get("/tracker/nothing").status_code == client.get("/health").status_code == 404
        page = client.get("/tracker")  # redirected
        assert str(page.url).endswith("/tracker/")
        for address in re.findall(r'(?:href|src)="([^"]+)"', page.text):
            assert client.get(str(page.url.join(address))).status_code == 200, address
        with client.websocket_connect("/tracker/ws/session") as socket:
            assert hold_session(socket) == [{"id": 0, "totalTimeMs": 1000}]


@pytest.mark.e2e
@pytest.mark.usefixtures("scripted_chain")
@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
@pytest.mark.parametrize("module", HOSTS, indirect=True)
def test_servers_run_it_and_end_it_in_order(start_asgi, module, server, closings):
    process = start_asgi(server, app="host_app:app", path="/tracker", folder=module)
    with ProtocolClient(process.url) as client:
        client.start()
        client.connection.send(SECOND)
        assert client.report()["speakers"] == [{"id": 0, "totalTimeMs": 1000}]
    assert [process.get(path)[0] for path in ("/", "/health", "/web/main.js", "/asyncapi.yaml")] == [200] * 4

    process.process.terminate()
    process.wait()
    assert len(closings()) == 1
    assert not [line for line in process.log if re.search("WARNING|ERROR|Traceback", line)], process.log


@pytest.mark.e2e
@pytest.mark.usefixtures("scripted_chain")
@pytest.mark.parametrize("module", ["Quart"], indirect=True)
def test_mounted_in_quart_a_running_session_gets_its_report_when_hypercorn_ends(start_asgi, module):
    process = start_asgi("hypercorn", app="host_app:app", path="/tracker", folder=module)
    with ProtocolClient(process.url) as client:
        client.start()
        client.connection.send(SECOND)
        client.heard("speaker", more_than=1)
        process.process.terminate()
        assert client.heard("report")["speakers"]
        assert client.close_code() == 1001


@pytest.mark.usefixtures("scripted_chain")
@pytest.mark.parametrize("module", ["Quart"], indirect=True)
def test_mounted_in_quart_what_cannot_start_ends_the_server_with_one_sentence(start_asgi, module):
    process = start_asgi("hypercorn", app="host_app:app", folder=module, stage_options__scripted__broken="at load")

    process.wait()
    assert len([line for line in process.log if "its weights are not there" in line]) == 1, process.log
    assert not [line for line in process.log if "Traceback" in line], process.log


def test_settings_of_hypercorn_are_such():
    (block,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    given = tomllib.loads(block)

    assert set(given) <= set(dir(Config()))
    assert given["websocket_max_message_size"] >= Settings.model_fields["max_frame_bytes"].default
    assert given["graceful_timeout"] > Settings.model_fields["grace_seconds"].default


def test_commands_have_the_options_that_servers_know():
    from uvicorn.main import main as uvicorn  # noqa: PLC0415 - for this test alone

    known = {option for parameter in uvicorn.params for option in (*parameter.opts, *parameter.secondary_opts)}
    commands = [shlex.split(line) for line in re.findall(r"^uvicorn .*", TEXT, re.MULTILINE)]
    assert commands
    for command in commands:
        assert {word for word in command if word.startswith("--")} <= known


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)", TEXT))))
def test_links_lead_somewhere(target):
    assert (ROOT / "docs" / target).exists()
