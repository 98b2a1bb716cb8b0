"""Images built from the Containerfile on a real engine, and containers that end with their test."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest
from docker.errors import DockerException
from testcontainers.core.network import Network

from support.container_server import ROOT, ServerContainer, build
from support.protocol_client import ProtocolClient

TARGETS = ("full", "slim")


@pytest.fixture(scope="session")
def engine() -> docker.DockerClient:
    """The engine that Docker's environment variables name, or the local one."""
    try:
        client = docker.from_env(timeout=600)
        client.ping()
    except DockerException as error:
        message = f"no container engine answers ({error}); start Docker, or let DOCKER_HOST name one"
        # In CI nothing may be skipped for want of an engine.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    return client


@pytest.fixture(scope="session")
def images(engine: docker.DockerClient) -> dict[str, str]:  # noqa: ARG001 - skips where there is none
    """Tags of the targets of the Containerfile; those of ``image``, and the one without a shell."""
    return {
        target: build(ROOT, f"speaker-tracker-e2e:{target}", dockerfile_path="Containerfile", target=target)
        for target in (*TARGETS, "minimal")
    }


@pytest.fixture(params=TARGETS)
def image(request: pytest.FixtureRequest, images: dict[str, str]) -> str:
    """Each of the two."""
    return images[request.param]


@pytest.fixture
def container(engine: docker.DockerClient) -> Iterator[Callable[..., ServerContainer]]:  # noqa: ARG001
    """Makes containers of servers, not yet started."""
    made: list[ServerContainer] = []

    def make(image: str, **options: Any) -> ServerContainer:
        made.append(ServerContainer(image, **options))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def network(engine: docker.DockerClient) -> Iterator[Network]:
    """A network of its own for containers that talk to each other."""
    with Network() as made:
        yield made
        found = engine.networks.get(made.id)
        for each in found.containers:  # those that end later
            found.disconnect(each, force=True)


@pytest.fixture
def client() -> Iterator[Callable[[str], ProtocolClient]]:
    """Connects to a URL; connections close with the test."""
    clients: list[ProtocolClient] = []

    def connect(url: str) -> ProtocolClient:
        clients.append(ProtocolClient(url))
        return clients[-1]

    yield connect
    for each in clients:
        each.__exit__()


@pytest.fixture
def track(client: Callable[[str], ProtocolClient], pcm: bytes) -> Callable[..., dict[str, Any]]:
    """Streams the dialogue, or ``audio``, to a server for two speakers; gives the report."""

    def run(server: ServerContainer, audio: bytes = pcm) -> dict[str, Any]:
        connection = client(server.url)
        connection.start(num_speakers=2, timeline=True)
        connection.stream(audio)
        return connection.report()

    return run
