"""Clients of a running server.

``TrackerClient`` and its twin ``TrackerClientSync``: typed events, reconnecting, one report. ``speaker-tracker stream`` is built on
the first.

Needs websockets and pydantic, and nothing of the server.
"""

from __future__ import annotations

import warnings
from typing import Any

from speaker_tracker.client.address import DEFAULT_URL
from speaker_tracker.client.backoff import Backoff
from speaker_tracker.client.errors import (
    AccessRefused,
    BadArgument,
    CannotConnect,
    ClientError,
    ConnectionLost,
    KnownVoicesRefused,
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
    Hint,
    OtherVoices,
    Part,
    PartSpeaker,
    Reconnected,
    Report,
    Resumed,
    Segment,
    SpeakerUpdate,
    TimelineUpdate,
    TrackerEvent,
    Voiceprints,
)
from speaker_tracker.client.outbox import Gap
from speaker_tracker.client.sync import TrackerClientSync
from speaker_tracker.client.tracker_client import TrackerClient
from speaker_tracker.protocol import KnownVoice, Voiceprint

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
    "Gap",
    "Hint",
    "KnownVoice",
    "KnownVoicesRefused",
    "NotASpeakerTracker",
    "OtherVoices",
    "Part",
    "PartSpeaker",
    "Reconnected",
    "Report",
    "Resumed",
    "Segment",
    "ServerBusy",
    "ServerError",
    "ServerUnavailable",
    "SessionOver",
    "SpeakerUpdate",
    "TimelineUpdate",
    "TrackerClient",
    "TrackerClientSync",
    "TrackerEvent",
    "UntrustedCertificate",
    "Voiceprint",
    "Voiceprints",
]

RENAMED = {"SpeakerNow": SpeakerUpdate, "TimelineChanged": TimelineUpdate}
"""Names of 0.1, which stages use for events of other shapes; they still work here."""


def __getattr__(name: str) -> Any:
    """Events by their names of 0.1, with a ``DeprecationWarning``."""
    if name in RENAMED:
        event = RENAMED[name]
        warnings.warn(f"speaker_tracker.client.{name} is called {event.__name__} now", DeprecationWarning, stacklevel=2)
        return event
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
