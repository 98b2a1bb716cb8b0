"""What goes into a session and comes out of it: frames and other things that happen, messages to send, and what is to be kept."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

from speaker_tracker.engine.model_calls import ModelCall
from speaker_tracker.errors import BadInput
from speaker_tracker.protocol import CloseCode, ServerMessage


@dataclass(frozen=True, slots=True)
class TextReceived:
    """A text frame."""

    text: str


@dataclass(frozen=True, slots=True)
class BytesReceived:
    """A binary frame."""

    data: bytes


@dataclass(frozen=True, slots=True)
class IdleTimedOut:
    """Nothing was received for ``seconds``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ShutdownRequested:
    """The server is about to end: a running session gets its report."""


@dataclass(frozen=True, slots=True)
class LimitExceeded:
    """The client went beyond a limit of its connection; ``error`` says which, and ends the session."""

    error: BadInput


Input: TypeAlias = TextReceived | BytesReceived | IdleTimedOut | ShutdownRequested | LimitExceeded


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message."""

    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection; nothing is sent afterwards."""

    code: CloseCode
    reason: str = ""


Output: TypeAlias = Send | Close
SessionSteps: TypeAlias = Generator[ModelCall | list[Output], None, list[Output]]
"""Work on one input: pauses at model calls, which are to be answered, and to put out what is ready; ends with the last outputs."""
