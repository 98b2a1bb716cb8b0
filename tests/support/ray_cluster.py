"""A Ray cluster of several nodes on this machine, with the server as a Serve application on it."""

import json
import os
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import psutil
import ray
from ray import serve
from ray._private.internal_api import memory_summary
from ray.cluster_utils import Cluster

from speaker_tracker.ray_serve import ApplicationArguments, application

APPLICATION = "speaker-tracker"
OBJECT_STORE = 80_000_000  # about the least that Ray takes
PATIENCE = 240


class RayCluster:
    """A head node for front ends (resource ``front``) and ``nodes`` others for voice models (resource ``voice``)."""

    def __init__(self, nodes: int, port: int) -> None:
        self.port = port
        common = {"object_store_memory": OBJECT_STORE, "include_dashboard": False}
        self._cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 4, "resources": {"front": 4}, **common},
        )
        self._voice_node = {"num_cpus": 4, "resources": {"voice": 2}, "object_store_memory": OBJECT_STORE}
        self.voice_nodes = [self.add_voice_node() for _ in range(nodes)]
        ray.init(address=self._cluster.address, namespace="serve", log_to_driver=False)
        # Where the front ends are: a connection ends with the node whose proxy it came through.
        serve.start(proxy_location="HeadOnly", http_options={"host": "127.0.0.1", "port": port})

    @property
    def address(self) -> str:
        return self._cluster.address

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/session"

    def health(self) -> dict[str, Any]:
        """What a front end says of itself."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=30) as response:
            return json.load(response)

    def alive(self) -> list[dict[str, Any]]:
        """Nodes that Ray counts as alive."""
        return [node for node in ray.nodes() if node["Alive"]]

    def add_voice_node(self) -> Any:
        return self._cluster.add_node(**self._voice_node)

    def kill_node(self, node: Any) -> None:
        """Ends a node with all of its processes at once, as a machine that loses its power."""
        self._cluster.remove_node(node, allow_graceful=False)

    def deploy(self, arguments: Mapping[str, Any]) -> None:
        """Puts the application there, or in the place of the one before."""
        serve.run(application(ApplicationArguments.model_validate(arguments)), name=APPLICATION)

    def processes(self, deployment: str) -> list[psutil.Process]:
        """Replicas of a deployment on all nodes, as processes."""
        title = f"ray::ServeReplica:{APPLICATION}:{deployment}"
        mine = psutil.Process().children(recursive=True)
        return [process for process in mine if self._title(process).startswith(title)]

    @staticmethod
    def _title(process: psutil.Process) -> str:
        try:
            return " ".join(process.cmdline())
        except psutil.Error:
            return ""

    def running(self, deployment: str) -> int:
        """Replicas that Serve says are running."""
        status = serve.status().applications[APPLICATION].deployments[deployment]
        return status.replica_states.get("RUNNING", 0)

    def until(self, condition: Callable[[], bool], within: float = PATIENCE) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, f"not within {within} s; {serve.status().applications.get(APPLICATION)}"
            time.sleep(0.2)

    def stored(self) -> str:
        """What Ray says of its object stores."""
        return memory_summary(address=self.address, stats_only=True)

    def end(self) -> None:
        serve.shutdown()
        ray.shutdown()
        self._cluster.shutdown()
