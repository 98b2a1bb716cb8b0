"""Clients of a running server.

``TrackerClient`` and its twin ``TrackerClientSync`` are for programs: typed events, reconnecting, one report. ``connect`` and
``stream`` are what they and the command line are built on: one connection, the protocol's own messages.

Importing this needs websockets and pydantic, and nothing of the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from speaker_tracker.client.address import DEFAULT_URL
from speaker_tracker.client.backoff import Backoff
from speaker_tracker.client.connection import TrackerConnection, connect
from speaker_tracker.client.errors import (
    AccessRefused,
    BadArgument,
    CannotConnect,
    ClientError,
    ConnectionLost,
    NotASpeakerTracker,
    ServerBusy,
    ServerError,
    ServerUnavailable,
    SessionOver,
    UntrustedCertificate,
)
from speaker_tracker.client.events import (
    Disconnected,
    EventsMissed,
    Part,
    Reconnected,
    Report,
    Segment,
    SpeakerNow,
    TimelineChanged,
    TrackerEvent,
)
from speaker_tracker.client.sync import TrackerClientSync
from speaker_tracker.client.tracker_client import TrackerClient

if TYPE_CHECKING:
    from speaker_tracker.client.streaming import StreamResult, stream

__all__ = [
    "DEFAULT_URL",
    "AccessRefused",
    "Backoff",
    "BadArgument",
    "CannotConnect",
    "ClientError",
    "ConnectionLost",
    "Disconnected",
    "EventsMissed",
    "NotASpeakerTracker",
    "Part",
    "Reconnected",
    "Report",
    "Segment",
    "ServerBusy",
    "ServerError",
    "ServerUnavailable",
    "SessionOver",
    "SpeakerNow",
    "StreamResult",
    "TimelineChanged",
    "TrackerClient",
    "TrackerClientSync",
    "TrackerConnection",
    "TrackerEvent",
    "UntrustedCertificate",
    "connect",
    "stream",
]


def __getattr__(name: str) -> Any:
    """``stream`` and its result, which need NumPy, are imported when they are asked for (PEP 562)."""
    if name in {"StreamResult", "stream"}:
        from speaker_tracker.client import streaming  # noqa: PLC0415 - see above

        return getattr(streaming, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
