"""Opens sessions with retries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from speaker_tracker.client.backoff import Attempts, Backoff
from speaker_tracker.client.connection import TrackerConnection, open_connection
from speaker_tracker.client.errors import CannotConnect, ClientError, ServerError
from speaker_tracker.client.people import People
from speaker_tracker.protocol import StartCommand

logger = logging.getLogger(__name__)

START_SECONDS = 30.0
"""Maximum wait for the server's ``started`` message."""
NO_MORE = Backoff(attempts=0)

T = TypeVar("T")


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

    async def resume_once(self, session: str) -> tuple[TrackerConnection, int] | None:
        """A connection that goes on with ``session``, and from where on to send its audio (ms); raises the first failure.

        None if the server has no such session, or cannot go on with it.
        """
        connection = await open_connection(self._url, self._token, self._patience_seconds)
        try:
            async with asyncio.timeout(START_SECONDS):
                return connection, await connection.resume(session)
        except ServerError as error:
            await connection.close()
            if error.temporary:
                raise
            logger.warning("%s", error)
            return None
        except BaseException as error:
            await connection.close()
            if isinstance(error, TimeoutError):
                raise CannotConnect(f"{connection.url} did not resume a session within {START_SECONDS:g} s") from error
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

    async def open(self) -> TrackerConnection:
        """``open_once`` with retries. Raises the last failure after too many attempts, and one that is not temporary at once."""
        return await self._retried(self.open_once)

    async def open_again(
        self, lost: ClientError, lasted_seconds: float, session: str | None, before_start: Callable[[], object]
    ) -> tuple[TrackerConnection, int | None]:
        """A connection after one that was lost, and from where on to send the audio (ms) of a session that goes on.

        That is None if it is another session, because there is no ``session`` or the server cannot go on with it; ``before_start``
        is called before that is started. ``lost``: how the previous connection ended, after ``lasted_seconds``; the first attempt
        is preceded by a pause, too. Raises as ``open``.
        """
        self._attempts.succeeded(lasted_seconds)

        async def attempt() -> tuple[TrackerConnection, int | None]:
            nonlocal session
            if session is not None:
                resumed = await self.resume_once(session)
                if resumed is not None:
                    return resumed
                session = None
            before_start()
            return await self.open_once(), None

        return await self._retried(attempt, lost)

    async def _retried(self, attempt: Callable[[], Awaitable[T]], failure: ClientError | None = None) -> T:
        """``failure``: one before, after which the first attempt waits as the others do."""
        while True:
            if failure is not None:
                await self._pause_after(failure)
            try:
                return await attempt()
            except ClientError as error:
                if not error.temporary:
                    raise
                failure = error

    async def _pause_after(self, failure: ClientError) -> None:
        seconds = self._attempts.pause()
        if seconds is None:
            raise failure
        logger.warning("%s; trying again in %.1f s", failure, seconds)
        await asyncio.sleep(seconds)
