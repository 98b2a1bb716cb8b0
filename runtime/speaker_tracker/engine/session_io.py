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


@dataclass(frozen=True, slots=True)
class SessionFetched:
    """Answers ``Fetch``.

    ``data``: what was kept of the session, None if there is no such session. ``is_unavailable``: whether nobody can tell now.
    """

    data: bytes | None
    is_unavailable: bool = False


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Another connection goes on with the session."""


Input: TypeAlias = TextReceived | BytesReceived | IdleTimedOut | ShutdownRequested | SessionFetched | TakenOver | LimitExceeded


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message."""

    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection; nothing is sent afterwards."""

    code: CloseCode
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch the session of ``token``, which is this connection's from then on, and answer with ``SessionFetched``."""

    token: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep ``data`` as the state of the session, from which it can go on at ``position`` (samples), and then call ``Session.kept``.

    ``token``: of a session that is new, which must be kept before anything is sent; None: the one that this connection has.
    """

    data: bytes
    position: int
    token: str | None = None


Output: TypeAlias = Send | Close | Fetch | Keep
SessionSteps: TypeAlias = Generator[ModelCall | list[Output], None, list[Output]]
"""Work on one input: pauses at model calls, which are to be answered, and to put out what is ready; ends with the last outputs."""
