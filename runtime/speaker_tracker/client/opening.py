"""Opens sessions with retries."""

from __future__ import annotations

import asyncio
import logging

from speaker_tracker.client.backoff import Attempts, Backoff
from speaker_tracker.client.connection import TrackerConnection, open_connection
from speaker_tracker.client.errors import CannotConnect, ClientError, ServerError
from speaker_tracker.client.people import People
from speaker_tracker.protocol import StartCommand

logger = logging.getLogger(__name__)

START_SECONDS = 30.0
"""Maximum wait for the server's ``started`` message."""
NO_MORE = Backoff(attempts=0)


class SessionOpener:
    """Opens sessions with one server, all with the same parameters, except for whom they know.

    ``start``: the command to send. ``people``: what it says of voices. ``token``, ``patience_seconds``: as for ``open_connection``.
    ``reconnect``: None: one attempt.
    """

    def __init__(  # noqa: PLR0913 - a server, and what it is asked for
        self,
        url: str,
        token: str | None,
        start: StartCommand,
        patience_seconds: float,
        reconnect: Backoff | None,
        *,
        people: People,
    ) -> None:
        self._url = url
        self._token = token
        self._start = start
        self._people = people
        self._patience_seconds = patience_seconds
        self._attempts = Attempts(reconnect or NO_MORE)

    async def open_once(self) -> TrackerConnection:
        """A connection with a started session, to be closed by the caller; raises the first failure.

        A server that does not take what only this client asks of voices, to reconnect, is asked again without it, at once.
        """
        while True:
            try:
                return await self._started(self._start.model_copy(update=self._people.start_fields))
            except ServerError as error:
                if not self._people.do_without(error.code):
                    raise

    async def _started(self, start: StartCommand) -> TrackerConnection:
        connection = await open_connection(self._url, self._token, self._patience_seconds)
        try:
            async with asyncio.timeout(START_SECONDS):
                await connection.start(**start.model_dump(exclude={"action"}))
        except BaseException as error:
            await connection.close()
            if isinstance(error, TimeoutError):
                raise CannotConnect(f"{connection.url} did not start a session within {START_SECONDS:g} s") from error
            raise
        return connection

    async def open(self, lost: ClientError | None = None, lasted_seconds: float = 0.0) -> TrackerConnection:
        """The same with retries.

        ``lost``: how the previous session ended, after ``lasted_seconds``; if given, the first attempt is preceded by a pause, too.
        Raises the last failure after too many attempts, and a failure that is not temporary at once.
        """
        self._attempts.succeeded(lasted_seconds)
        failure = lost
        while True:
            if failure is not None:
                await self._pause_after(failure)
            try:
                connection = await self.open_once()
            except ClientError as error:
                if not error.temporary:
                    raise
                failure = error
            else:
                return connection

    async def _pause_after(self, failure: ClientError) -> None:
        seconds = self._attempts.pause()
        if seconds is None:
            raise failure
        logger.warning("%s; trying again in %.1f s", failure, seconds)
        await asyncio.sleep(seconds)
