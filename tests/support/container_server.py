"""Servers in containers, as a deployment runs them: settings by environment, no root, nothing writable."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from docker.errors import BuildError
from docker.models.containers import Container
from testcontainers.core.container import DockerContainer
from testcontainers.core.image import DockerImage

ROOT = Path(__file__).parents[2]
PORT = 8000
PATIENCE = 120
LOCKED_DOWN = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}


class ServerContainer(DockerContainer):
    """``speaker-tracker serve`` in a container of ``image``, read-only and without capabilities.

    ``settings`` become environment variables with the prefix, lists and tables as JSON; those of ``environment`` have none.
    """

    def __init__(self, image: str, *, environment: dict[str, str] | None = None, inner_port: int = PORT, **settings: Any) -> None:
        super().__init__(image)
        self.inner_port = inner_port
        self.with_exposed_ports(inner_port)
        self.with_kwargs(**LOCKED_DOWN)
        for name, value in (environment or {}).items():
            self.with_env(name, value)
        for name, value in settings.items():
            self.with_env(f"SPEAKER_TRACKER_{name.upper()}", value if isinstance(value, str) else json.dumps(value))

    @property
    def engine(self) -> Container:
        """What the engine knows of it, anew."""
        container = self.get_wrapped_container()
        container.reload()
        return container

    @property
    def address(self) -> str:
        """``host:port`` on this machine."""
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(self.inner_port)}"

    @property
    def url(self) -> str:
        """``ws://...``"""
        return f"ws://{self.address}/ws/session"

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; status 0 where nothing answers."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=30) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def health(self) -> dict[str, Any]:
        """The body of ``/health``."""
        return json.loads(self.get("/health")[1])

    def log(self) -> str:
        """All that it wrote."""
        return self.get_wrapped_container().logs().decode()

    def serving(self) -> Self:
        """Started, and ready; what it wrote is in the error where it is not."""
        self.start()
        self.until(lambda: self.get("/health/ready")[0] == 200)
        return self

    def ended(self) -> tuple[int, str]:
        """Started, and ended by itself: its exit status and what it wrote."""
        self.with_kwargs(**LOCKED_DOWN, restart_policy={"Name": "no"})
        self.start()
        return self.exit_status(), self.log()

    def exit_status(self) -> int:
        """Waits until it has ended."""
        return int(self.get_wrapped_container().wait(timeout=PATIENCE)["StatusCode"])

    def until(self, holds: Callable[[], bool]) -> None:
        """Waits until ``holds`` is true."""
        end = time.monotonic() + PATIENCE
        while not holds():
            running = self.engine.status in ("created", "running")
            assert running, f"the container ended:\n{self.log()}"
            assert time.monotonic() < end, f"waited for {PATIENCE} s in vain:\n{self.log()}"
            time.sleep(0.1)


def build(folder: Path, tag: str, **options: Any) -> str:
    """Builds an image and answers its tag; what the build said is in the error where it fails."""
    try:
        DockerImage(folder, tag=tag, clean_up=False, docker_client_kw={"timeout": 1800}, forcerm=True, **options).build()
    except BuildError as error:
        raise AssertionError("".join(line.get("stream", "") for line in error.build_log)) from error
    return tag
