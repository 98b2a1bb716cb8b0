"""The Ray cluster that this process is part of, or joins."""

from __future__ import annotations

import socket
from collections.abc import Callable

import ray
from ray import serve
from ray.serve.exceptions import RayServeException

from speaker_tracker.errors import UserError

DEFAULT_APPLICATION = "speaker-tracker"
CONNECT_SECONDS = 10.0


class NoCluster(UserError):
    """No Ray cluster can be joined; the message says where one was looked for."""


def connect(address: str) -> Callable[[], None]:
    """Joins the cluster at ``address`` unless this process is part of one; the function returned leaves it again.

    ``address``: ``auto`` for the one of ``RAY_ADDRESS`` or of this machine, or ``host:port``. Raises ``NoCluster``.
    """
    if ray.is_initialized():
        return lambda: None
    try:
        _knock(address)
        ray.init(address=address, namespace="serve", log_to_driver=False, configure_logging=False)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise NoCluster(
            f"no Ray cluster can be joined at {address!r}: {reason[0]}; start one (`ray start --head`), or name its address by the "
            f"option address of ray_embedding or by RAY_ADDRESS"
        ) from error
    return ray.shutdown


def _knock(address: str) -> None:
    """Raises ``OSError`` where nobody listens at ``host:port``, which takes Ray minutes; passes over other addresses."""
    host, _, port = address.rpartition(":")
    if host and "/" not in host and port.isdigit():
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()


def own_application() -> str:
    """Name of the Serve application that this process is a replica of; ``speaker-tracker`` in other processes."""
    try:
        return serve.get_replica_context().app_name
    except RayServeException:
        return DEFAULT_APPLICATION
