"""A client of a running server, on asyncio: connect, start, send audio, read messages, stop, report."""

from speaker_tracker.client.connection import DEFAULT_URL, ClientError, ServerError, TrackerConnection, connect
from speaker_tracker.client.streaming import StreamResult, stream

__all__ = ["DEFAULT_URL", "ClientError", "ServerError", "StreamResult", "TrackerConnection", "connect", "stream"]
