"""The observer contract: what a plugin provides that watches a server, such as for metrics.

A *specification* names an observer, its options and how to load it. Loading happens once per server process and yields an
``Observer``, which is told what happens there: sessions, refusals, audio, the time of each stage. It changes nothing of what
clients hear, and what it raises harms no session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from speaker_tracker.stage import StageOptions


class ObserverOptions(StageOptions):
    """Base of every options model of an observer: immutable, and unknown names are refused."""


class ObserverLoadError(Exception):
    """An observer cannot be loaded as configured; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class ServerProcessInfo:
    """The server process that an observer watches.

    ``stages``: names, in order. ``models``: what stages tell of themselves, by stage. ``shared_folder``: a folder for all processes
    of the server, empty at its start and gone at its end; None where there is one process only. ``max_sessions``: as the setting
    says.
    """

    stages: tuple[str, ...]
    models: Mapping[str, Mapping[str, str]]
    max_sessions: int
    shared_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer to ``GET``."""

    content_type: str
    body: bytes


Endpoint: TypeAlias = Callable[[str], Awaitable[HttpAnswer]]
"""Is given the request's ``Accept`` header."""


class Observer:
    """Base of observers: every method does nothing.

    Methods are called from the event loop and from threads that sessions work in, several at once, and must be quick. What one
    raises is logged the first time.
    """

    def started(self, process: ServerProcessInfo) -> None:
        """The process is about to serve; called once, before all others, which are not called where it fails."""

    def session_opened(self) -> None:
        """A client's connection was accepted."""

    def session_ended(self) -> None:
        """It is over, whichever way; called once for each that was opened."""

    def refused(self, reason: str) -> None:
        """A client was turned away.

        ``reason``: ``origin``, ``token``, or the code of the error message: ``server_busy``, ``shutting_down``.
        """

    def failed(self, code: str) -> None:
        """A session ended with an error message of this code."""

    def audio_handled(self, seconds: float, lag_seconds: float) -> None:
        """A frame with so many seconds of audio was worked on to its end.

        ``lag_seconds``: from when the server read the frame until all that it led to was sent.
        """

    def stage_took(self, stage: str, seconds: float) -> None:
        """One call of a stage returned after so many seconds by the clock, shared inference included."""

    def stage_counted(self, stage: str, what: str, total: int) -> None:
        """A total that a stage keeps for the process, from ``LoadedStage.counters``; told every second or less often."""

    def endpoints(self) -> Mapping[str, Endpoint]:
        """Paths to be answered to ``GET``, such as ``/metrics``, to anybody who asks; asked once, after ``started``."""
        return {}

    def close(self) -> None:
        """The process is about to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserverSpec:
    """An observer on offer.

    ``name``: unique among observers, lower case with underscores; what settings call it.
    ``summary``: one line for ``speaker-tracker stages``.
    ``options``: a subclass of ``ObserverOptions``.
    ``load``: called once per server process with the validated options; heavy imports belong inside it. Raises
    ``ObserverLoadError``.
    """

    name: str
    summary: str
    options: type[ObserverOptions] = ObserverOptions
    load: Callable[[Any], Observer]
