"""The observer contract: plugins that watch a server, such as for metrics.

A *specification* names an observer, its options and how to load it. Loading happens once per server process and yields an
``Observer``, which is notified of what happens there: sessions, refusals, audio, the time of each stage. It cannot change what
clients receive, and its exceptions do not affect sessions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from speaker_tracker.stage import StageOptions


class ObserverOptions(StageOptions):
    """Base of the options model of every observer: immutable; unknown names are rejected."""


class ObserverLoadError(Exception):
    """An observer cannot be loaded as configured; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class ServerProcessInfo:
    """The server process that an observer watches.

    ``stages``: names, in order. ``models``: ``LoadedStage.info`` by stage. ``shared_folder``: a folder for all processes of the
    server, empty at its start and removed at its end; None if there is one process only. ``max_sessions``: the setting, which
    holds for ``processes`` processes together.
    """

    stages: tuple[str, ...]
    models: Mapping[str, Mapping[str, str]]
    max_sessions: int
    shared_folder: Path | None = None
    processes: int = 1


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A response to ``GET``."""

    content_type: str
    body: bytes


Endpoint: TypeAlias = Callable[[str], Awaitable[HttpAnswer]]
"""Handler of an endpoint, called with the request's ``Accept`` header."""


class Observer:
    """Base of observers, whose methods do nothing.

    Methods are called from the event loop and from worker threads of sessions, several at once, and must be quick. Exceptions are
    logged the first time.
    """

    def started(self, process: ServerProcessInfo) -> None:
        """The process is about to serve; called once, before all other methods, which are not called if it fails."""

    def session_opened(self) -> None:
        """A session was opened: a client's connection was accepted, and its first message has come."""

    def session_ended(self) -> None:
        """A session ended, in whatever way; called once for each that was opened."""

    def refused(self, reason: str) -> None:
        """A client was refused.

        ``reason``: ``origin``, ``token``, or the code of the error message: ``server_busy``, ``too_many_sessions``,
        ``start_timeout``, ``too_many_messages``, ``shutting_down``.
        """

    def failed(self, code: str) -> None:
        """A session ended with an error message of this code."""

    def audio_handled(self, seconds: float, lag_seconds: float) -> None:
        """A frame with ``seconds`` of audio was fully processed.

        ``lag_seconds``: time from reading the frame until all resulting messages were sent.
        """

    def stage_took(self, stage: str, seconds: float) -> None:
        """A stage had something to do in a step of a session, and took ``seconds`` of CPU time.

        They include its share of the calls of its model, which serve several sessions at once.
        """

    def stage_counted(self, stage: str, what: str, total: int) -> None:
        """A process-wide total of a stage, from ``LoadedStage.counters``; reported once a second or less often."""

    def endpoints(self) -> Mapping[str, Endpoint]:
        """Handlers of ``GET`` requests by path, such as ``/metrics``; called once, after ``started``.

        They are open to everybody, unless the setting ``PROTECTED_PATHS`` has ``metrics``.
        """
        return {}

    def close(self) -> None:
        """The process is about to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserverSpec:
    """An observer on offer.

    ``name``: unique among observers, lower case with underscores; used in settings.
    ``summary``: one line for ``speaker-tracker stages``.
    ``options``: a subclass of ``ObserverOptions``.
    ``load``: called once per server process with the validated options; heavy imports belong inside it. Raises
    ``ObserverLoadError``.
    """

    name: str
    summary: str
    options: type[ObserverOptions] = ObserverOptions
    load: Callable[[Any], Observer]
