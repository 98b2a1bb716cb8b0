"""What tests of every part may need: servers, certificates, the project's own conversation, an exported model."""

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.asgi_process import AsgiProcess
from support.campplus_package import package_site
from support.known_conversation import DATA, KnownConversation, read_conversation
from support.level_chain import level_chain
from support.server_process import ServerProcess


@pytest.fixture
def start_server() -> Iterator[Callable[..., ServerProcess]]:
    """Starts servers with the arguments and settings that it is called with; they end with the test."""
    servers: list[ServerProcess] = []

    def start(*arguments: str, **settings: Any) -> ServerProcess:
        servers.append(ServerProcess(*arguments, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def start_level_server(start_server, monkeypatch, tmp_path) -> Callable[..., ServerProcess]:
    """``start_server`` with the chain of ``support.level_stage``: no model, and sessions that can be resumed."""
    for name, value in level_chain(tmp_path / "level-site").items():
        monkeypatch.setenv(name, value)
    return start_server


@pytest.fixture
def unused_tcp_port() -> Iterator[int]:
    """A port of the loopback where nobody listens, unless the test has somebody do so.

    It is kept while it is unused: Linux gives a port that is bound to nobody else, and lets servers listen there that ask for it.
    """
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


@pytest.fixture
def start_asgi() -> Iterator[Callable[..., AsgiProcess]]:
    """Starts other ASGI servers with the arguments and settings that it is called with; they end with the test."""
    servers: list[AsgiProcess] = []

    def start(*arguments: Any, **settings: Any) -> AsgiProcess:
        servers.append(AsgiProcess(*arguments, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory) -> Iterator[tuple[str, str, ssl.SSLContext]]:
    """A self-signed certificate for localhost, its key, and a client's context that trusts it."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, key, ssl.create_default_context(cafile=cert)


@pytest.fixture(scope="session")
def dialogue() -> KnownConversation:
    """Two voices, 39 s."""
    return read_conversation(DATA / "dialogue.flac", DATA / "dialogue.rttm")


@pytest.fixture(scope="session")
def exported_cache(tmp_path_factory) -> Path:
    """A model cache with the embedded model exported for ONNX Runtime, made once for all tests of a process."""
    from speaker_tracker_stages.speechbrain_embedding.onnx_export import export  # noqa: PLC0415 - imports PyTorch, for those tests alone

    cache: Path = tmp_path_factory.mktemp("models")
    export("embedded", cache)
    return cache


@pytest.fixture(scope="session")
def campplus_package() -> Path:
    """The folder that the package with the weights of CAM++ and segmentation-3.0 is installed in; not on the path by itself."""
    return package_site()
