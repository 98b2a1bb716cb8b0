"""Clients of a running server.

``TrackerClient`` and its twin ``TrackerClientSync``: typed events, reconnecting, one report. ``speaker-tracker stream`` is built on
the first.

Importing this needs websockets and pydantic, and nothing of the server's.
"""

from __future__ import annotations

from speaker_tracker.client.address import DEFAULT_URL
from speaker_tracker.client.backoff import Backoff
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
    "TimelineChanged",
    "TrackerClient",
    "TrackerClientSync",
    "TrackerEvent",
    "UntrustedCertificate",
]
