"""Messages to the client."""

from dataclasses import dataclass

from speaker_tracker.events.base import Event
from speaker_tracker.protocol import ServerMessage


@dataclass(frozen=True, slots=True)
class ClientMessage(Event):
    """A message for the client; the session sends those that come out at the end of the chain, in order."""

    message: ServerMessage
