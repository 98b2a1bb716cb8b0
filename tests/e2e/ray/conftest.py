"""A Ray cluster with the default chain: front ends on one node, two nodes that hold the voice model."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from support.protocol_client import ProtocolClient
from support.ray_cluster import RayCluster

VOICE_MODELS = {"num_cpus": 0.5, "resources": {"voice": 1}, "min_replicas": 2, "max_replicas": 2}
ARGUMENTS = {
    "settings": {
        "max_sessions": 8,
        "max_lag_ms": 0,
        "grace_seconds": 5,
        "stage_options": {"ray_embedding": {"attempt_seconds": 3}},
    },
    "front_end": {"num_cpus": 0.5, "resources": {"front": 1}, "max_replicas": 1},
    "voice_model": VOICE_MODELS,
}


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[RayCluster]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = RayCluster(2, port)
    try:
        cluster.deploy(ARGUMENTS)
        yield cluster
    finally:
        cluster.end()


@pytest.fixture
def as_at_first(ray_cluster: RayCluster) -> Iterator[None]:
    """For tests that deploy the application otherwise: puts it back."""
    yield
    ray_cluster.deploy(ARGUMENTS)


@pytest.fixture(scope="session")
def undisturbed(ray_cluster: RayCluster, pcm: bytes) -> dict[str, Any]:
    """The report of the dialogue, timeline and all, while nothing happens."""
    with ProtocolClient(ray_cluster.url) as client:
        client.start(timeline=True)
        client.stream(pcm)
        return client.report()
