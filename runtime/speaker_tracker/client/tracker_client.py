"""Client for asyncio programs: audio in, typed events out, across lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from speaker_tracker.client.address import DEFAULT_URL, redacted
from speaker_tracker.client.backoff import Backoff
from speaker_tracker.client.change_signal import ChangeSignal
from speaker_tracker.client.connection import TrackerConnection
from speaker_tracker.client.errors import BadArgument, ClientError, ConnectionLost, SessionOver
from speaker_tracker.client.event_buffer import EventBuffer
from speaker_tracker.client.events import Disconnected, Reconnected, Report, Resumed, TrackerEvent
from speaker_tracker.client.opening import SessionOpener
from speaker_tracker.client.outbox import MAX_KEPT_SECONDS, Gap, Outbox
from speaker_tracker.client.parts import Parts
from speaker_tracker.client.pcm import Audio, as_pcm, pieces
from speaker_tracker.client.people import People
from speaker_tracker.client.source import FRAME_BYTES, AsyncSource, Pace, frames_of
from speaker_tracker.protocol import BYTES_PER_MS, DEFAULT_SPEAKERS, MAX_GAP_MS, MAX_SPEAKERS, KnownVoice, StartCommand

PATIENCE_SECONDS = 60.0
MAX_WAITING_EVENTS = 4096
MAX_UNSAVED_SECONDS = MAX_KEPT_SECONDS / 2
"""Most audio that the server has answered for which is kept because the server has not saved its session."""
DEFAULT_BACKOFF = Backoff()


class TrackerClient:
    """One conversation with a server, which goes on when a connection is lost: in the same session, or else in another one.

    Used as ``async with TrackerClient(...) as client``: entering opens a session, leaving closes the connection in any case.
    In between, ``send`` and ``stop`` run concurrently with ``async for event in client``, which ends after the ``Report``.
    Leaving without ``stop`` abandons the session.

    Audio is kept until the server has acknowledged it, up to ``outbox.MAX_KEPT_SECONDS``; what is kept is sent again.

    ``url``: ``ws://`` or ``wss://``, with the path ``/ws/session``. ``num_speakers``: number of voices to track, 1 to 5.
    ``token``: sent as bearer token. ``timeline``: whether to ask for ``TimelineUpdate`` and for segments in the report.
    ``others``: whether to hear of voices beyond ``num_speakers``. ``confidence``: whether segments say how certain they are.
    ``hints``: whether to ask for ``Hint``, in case the audio looks like another format.
    ``known_voices``: voices to recognize, whose names are then told; several of one name are prints of one person.
    ``voiceprints``: whether to ask for ``Voiceprints`` and for those of the report.
    ``reconnect``: retry policy for sessions that cannot be opened or are lost; None: no retries.
    ``resumable``: whether to ask the server to keep the session, so that it can be resumed; not without ``reconnect``.
    ``wait_for_server``: whether to retry the first session as well; otherwise its first failure is raised.
    ``max_waiting_events``: limit of unread events; beyond it the oldest are dropped, and ``EventsMissed`` tells how many.
    ``patience_seconds``: how long a server may neither acknowledge nor accept audio before the connection is lost (on Linux).

    With ``reconnect`` the client asks for voiceprints in any case, and brings those of lost sessions to the next one, so that it
    tells who of its speakers was heard before (``same_as``). A server that recognizes no voices, or hears by another voice model,
    is asked again without that, at once.

    Raises ``BadArgument``; entering raises ``ClientError``.
    """

    def __init__(  # noqa: PLR0913 - all but the address are options
        self,
        url: str = DEFAULT_URL,
        *,
        num_speakers: int = DEFAULT_SPEAKERS,
        token: str | None = None,
        timeline: bool = True,
        others: bool = False,
        confidence: bool = False,
        hints: bool = False,
        known_voices: Sequence[KnownVoice] = (),
        voiceprints: bool = False,
        reconnect: Backoff | None = DEFAULT_BACKOFF,
        resumable: bool = True,
        wait_for_server: bool = True,
        max_waiting_events: int = MAX_WAITING_EVENTS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        try:
            start = StartCommand(
                num_speakers=num_speakers,
                timeline=timeline,
                others=others,
                confidence=confidence,
                hints=hints,
                voiceprints=voiceprints,
                resumable=resumable and reconnect is not None,
            )
        except ValidationError as error:
            raise BadArgument(
                f"num_speakers must be a whole number from 1 to {MAX_SPEAKERS}, and timeline, others, confidence, hints and "
                f"voiceprints true or false; not {num_speakers!r}, {timeline!r}, {others!r}, {confidence!r}, {hints!r} and "
                f"{voiceprints!r}"
            ) from error
        if not all(isinstance(voice, KnownVoice) for voice in known_voices):
            raise BadArgument("known_voices must be a sequence of KnownVoice, each of a name and a Voiceprint")
        if max_waiting_events < 1 or patience_seconds <= 0:
            raise BadArgument(
                f"max_waiting_events and patience_seconds must be more than 0, not {max_waiting_events} and {patience_seconds}"
            )
        self._reconnect = reconnect
        self._wait_for_server = wait_for_server
        people = People(known_voices, voiceprints=voiceprints, reconnects=reconnect is not None)
        self._opener = SessionOpener(url, token, start, patience_seconds, reconnect, people=people)
        self._shut_down = f"{redacted(url)} shut down, and reported what it had heard until then"
        self._events = EventBuffer(max_waiting_events)
        self._parts = Parts(people, timeline=timeline)
        self._outbox = Outbox(keeps=reconnect is not None)
        self._connection: TrackerConnection | None = None
        self._report: Report | None = None
        self._failure: Exception | None = None
        self._closed = False
        self._stopped = False
        self._stop_sent = False
        self._changed = ChangeSignal()
        self._sending = asyncio.Lock()
        self._tasks: list[asyncio.Task[object]] = []

    async def __aenter__(self) -> Self:
        if self._tasks or self._closed:
            raise RuntimeError("a client is entered once; make another for another conversation")
        self._connection = await (self._opener.open() if self._wait_for_server else self._opener.open_once())
        self._tasks.append(asyncio.create_task(self._run(self._connection)))
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed = True
        for task in self._tasks:
            task.cancel()
        try:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            if self._connection is not None:  # a task that is cancelled before its first step closes nothing
                await self._connection.close()
            self._changed.notify()

    # -- public methods ------------------------------------------------------------------------------------------------------------

    async def send(self, audio: Audio) -> None:
        """Sends audio: PCM (16 kHz, signed 16-bit little-endian, mono), or a NumPy array of samples at 16 kHz.

        Waits while the server does not keep up. While a lost connection is replaced and the next server catches up, audio is
        buffered, and this waits only if the buffer is full. Raises ``BadArgument`` before anything is sent, ``SessionOver``, and
        whatever ended the session.
        """
        pcm = as_pcm(audio)
        async with self._sending:
            for frame in pieces(pcm, FRAME_BYTES):
                await self._put(frame)

    async def gap(self, ms: int) -> None:
        """Says that no audio was recorded for ``ms`` milliseconds (1 to a day), such as by a muted microphone.

        What is sent next is later by that, so that times stay on the wall clock. A gap is buffered and sent again as audio is; long
        ones may be told in parts, which also keeps the session open. Waits and raises as ``send`` does.
        """
        if isinstance(ms, bool) or not isinstance(ms, int) or not 1 <= ms <= MAX_GAP_MS:
            raise BadArgument(f"a gap must be a whole number of milliseconds from 1 to {MAX_GAP_MS}, not {ms!r}")
        async with self._sending:
            await self._wait_for_room(0)
            self._outbox.put_gap(ms)
            self._changed.notify()

    async def keepalive(self) -> None:
        """Keeps a session open in which nothing is sent; to be called more often than the server's idle time-out.

        Does nothing while a lost connection is replaced. Raises ``SessionOver``, and whatever ended the session.
        """
        if self._is_over or self._stopped:
            raise self._end_error()
        if self._connection is not None:
            await self._connection.keepalive()

    async def stop(self) -> Report:
        """Ends the audio, waits for the server to process what was sent, and returns the report.

        A lost connection is replaced as long as there is audio that no server has acknowledged; if there is none, the report covers
        what is known. May be called again, for the same report. Raises whatever ended the session before.
        """
        if not self._tasks:
            raise self._end_error()
        async with self._sending:
            self._stopped = True
            self._changed.notify()
        await self._changed.wait_until(lambda: self._is_over)
        if self._report is None:
            raise self._end_error()
        return self._report

    async def stream(self, source: AsyncSource, *, realtime: bool = False) -> Report:
        """Sends all of ``source`` and stops.

        ``source``: audio as for ``send``, or an iterable or asynchronous iterable of it and of ``Gap``.
        ``realtime``: send at the pace of speech, otherwise as fast as the server accepts it. An ordinary iterable must not block,
        as a microphone would, since it runs on the event loop. If the server ends the session with a report because it shuts
        down, the rest is left out. Raises as ``send`` does, and whatever ``source`` raises.
        """
        loop = asyncio.get_running_loop()
        pace = Pace(loop.time())
        with suppress(SessionOver):
            async for frame in frames_of(source, realtime=realtime):
                await asyncio.sleep(pace.delay(frame, loop.time()) if realtime else 0)
                await (self.gap(frame.ms) if isinstance(frame, Gap) else self.send(frame))
        return await self.stop()

    def stream_in_background(self, source: AsyncSource, *, realtime: bool = False) -> None:
        """Does what ``stream`` does while events are read; errors of ``source`` are raised to the reader of events."""
        if not self._tasks:
            raise self._end_error()
        self._tasks.append(asyncio.create_task(self._stream_or_fail(source, realtime=realtime)))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> TrackerEvent:
        """Waits for the next event; the ``Report`` is the last. Raises whatever ended the session without one."""
        await self._changed.wait_until(lambda: len(self._events) > 0 or self._is_over)
        event = self._events.take()
        if event is not None:
            return event
        if self._failure is not None or not self._tasks:
            raise self._end_error()
        raise StopAsyncIteration

    def report_so_far(self) -> Report:
        """The report on what is known by now; at any time, also after a failure."""
        return self._report or self._parts.report(self._sent_ms, stopped=False)

    def fail(self, error: Exception) -> None:
        """Ends the session; all waiting calls raise ``error``, unless it was over already."""
        if not self._is_over:
            self._failure = error
            self._tasks[0].cancel()
        self._changed.notify()

    # -- sending -------------------------------------------------------------------------------------------------------------------

    async def _put(self, frame: bytes) -> None:
        await self._wait_for_room(len(frame))
        self._outbox.put(frame)
        self._changed.notify()

    async def _wait_for_room(self, length: int) -> None:
        await self._changed.wait_until(lambda: self._takes(length) or self._is_over or self._stopped)
        if self._is_over or self._stopped:
            raise self._end_error()

    def _takes(self, length: int) -> bool:
        """Whether ``length`` bytes fit: if the server keeps up, once all before is sent, else up to the buffer's limit."""
        goes_out = self._connection is not None and not self._outbox.is_catching_up
        return self._outbox.has_room_for(length) and not (goes_out and self._outbox.unsent)

    async def _send_all(self, connection: TrackerConnection) -> None:
        """Sends what is put into the outbox, then ``stop``; to be cancelled when the connection is over."""
        while True:
            await self._changed.wait_until(lambda: self._outbox.unsent > 0 or self._stopped)
            frame = self._outbox.next(FRAME_BYTES)
            if not frame:
                self._stop_sent = True
                await connection.stop()
                return
            if not await (connection.gap(frame.ms) if isinstance(frame, Gap) else connection.send_audio(frame)):
                return
            self._outbox.mark_sent()
            self._changed.notify()

    async def _stream_or_fail(self, source: AsyncSource, *, realtime: bool) -> None:
        try:
            await self.stream(source, realtime=realtime)
        except Exception as error:  # raised to the reader of events
            self.fail(error)

    # -- sessions, one after another -----------------------------------------------------------------------------------------------

    async def _run(self, connection: TrackerConnection) -> None:
        """Runs one session after another, up to the report or failure that ends the last one."""
        try:
            self._report = await self._run_sessions(connection)
            self._events.put(self._report)
        except Exception as error:  # raised by the waiting calls
            self._failure = error
        finally:
            self._changed.notify()

    async def _run_sessions(self, connection: TrackerConnection) -> Report:
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            lost = await self._run_session(connection)
            if lost is None and self._stop_sent and not connection.server_went_away:
                return self._parts.report(self._sent_ms, stopped=True)
            if lost is not None and self._reconnect is None:
                raise lost
            session = None if self._parts.current.reported else connection.session
            if self._reconnect is None or (session is None and self._needs_no_further_session):
                return self._parts.report(self._sent_ms, stopped=False)
            reason = lost or ConnectionLost(self._shut_down)
            self._emit(Disconnected(self._parts.current.number, str(reason)))
            another = await self._open_another(reason, loop.time() - begun, session)
            if another is None:
                return self._parts.report(self._sent_ms, stopped=False)
            connection = another

    async def _run_session(self, connection: TrackerConnection) -> ClientError | None:
        """Runs one session to its end; None after a report, else how it was lost. Raises a failure that is not temporary."""
        current = self._parts.current
        lost: ClientError | None = None
        self._stop_sent = False
        sending = asyncio.create_task(self._send_all(connection))
        try:
            async for message in connection.messages():
                event = current.add(message)
                self._drop_answered_audio(connection)
                if event is not None:
                    self._events.put(event)
                self._changed.notify()
        except ClientError as error:
            if not error.temporary:
                raise
            lost = error
        finally:
            self._connection = None
            sending.cancel()
            await connection.close()
            await asyncio.wait({sending})
        if current.reported:
            return None
        return lost or ConnectionLost(f"{connection.url} closed the connection without a report")

    def _drop_answered_audio(self, connection: TrackerConnection) -> None:
        """Drops what the server has acknowledged, or, if it does not report its position, what was sent before its last message.

        A server that keeps the session says what it has saved. If it saves nothing for long, what it has answered for has to do.
        """
        current = self._parts.current
        answered_ms = current.certain_ms - current.offset_ms
        if connection.session is not None:
            self._outbox.acknowledge(max(current.saved_ms, answered_ms - 1000 * MAX_UNSAVED_SECONDS))
        elif current.acknowledges:
            self._outbox.acknowledge(answered_ms)
        else:
            self._outbox.forget_sent()

    async def _open_another(self, lost: ClientError, lasted_seconds: float, session: str | None) -> TrackerConnection | None:
        """Opens a connection to replace one that was lost; None if the client was stopped meanwhile and needs none.

        ``session``: to be resumed, whose report is wanted even if there is nothing more to send.
        """

        def is_enough() -> bool:
            return session is None and self._needs_no_further_session

        opening = asyncio.create_task(self._opener.open_again(lost, lasted_seconds, session, self._parts.current.tell_people))
        stopping = asyncio.create_task(self._changed.wait_until(is_enough))
        try:
            await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if opening.done() and not is_enough():
                self._connection, resumed_ms = opening.result()
                self._emit(self._resumed(resumed_ms) if resumed_ms is not None else self._begun_part())
        except ClientError as error:
            if error is lost:
                raise
            raise ConnectionLost(f"{lost}, and no other session could be opened: {error}") from error
        finally:
            await self._cancel_opening(opening, stopping)
        return self._connection

    def _resumed(self, ms: int) -> Resumed:
        current = self._parts.current
        current.resume()
        self._outbox.resume(ms)
        return Resumed(current.number, current.offset_ms + ms)

    def _begun_part(self) -> Reconnected:
        return self._parts.begin_next(self._outbox.rewind() // BYTES_PER_MS)

    async def _cancel_opening(
        self, opening: asyncio.Task[tuple[TrackerConnection, int | None]], stopping: asyncio.Task[None]
    ) -> None:
        opening.cancel()
        stopping.cancel()
        await asyncio.wait({opening, stopping})
        if self._connection is None and not opening.cancelled() and opening.exception() is None:
            await opening.result()[0].close()

    # -- shared state --------------------------------------------------------------------------------------------------------------

    @property
    def _sent_ms(self) -> int:
        return self._outbox.end // BYTES_PER_MS

    @property
    def _needs_no_further_session(self) -> bool:
        """Whether the audio has ended and all of it is acknowledged."""
        return self._stopped and len(self._outbox) == 0

    @property
    def _is_over(self) -> bool:
        return self._closed or not self._tasks or self._report is not None or self._failure is not None

    def _end_error(self) -> Exception:
        if self._failure is not None:
            return self._failure
        if self._closed or not self._tasks:
            return SessionOver("the client is not open; enter it, or make another for more audio")
        if self._stopped:
            return SessionOver("the session was stopped; make another client for more audio")
        return SessionOver(self._shut_down)

    def _emit(self, event: TrackerEvent) -> None:
        self._events.put(event)
        self._changed.notify()
