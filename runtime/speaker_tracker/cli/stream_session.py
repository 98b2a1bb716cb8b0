"""One session of ``stream``: audio of a source to a server, and what the server says to a display."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from speaker_tracker.cli.audio_source import AudioSource
from speaker_tracker.cli.stream_display import StreamDisplay
from speaker_tracker.client import ClientError, ServerError, TrackerConnection, connect
from speaker_tracker.client.streaming import BYTES_PER_SECOND
from speaker_tracker.protocol import ReportMessage, StartedMessage
from speaker_tracker.timeline_recorder import TimelineRecorder

INSIST_SECONDS = 0.5
"""A second Ctrl-C does not wait longer than this for a server to close the connection."""

SAID_BY_SERVER = "the server says: "
"""How a ``ServerError`` begins, before the message as it was on the wire."""


@dataclass(frozen=True, slots=True)
class StreamOutcome:
    """What came of it. ``seconds``: of audio that was sent. ``cut_short``: the server shut down before it had all of it."""

    recorder: TimelineRecorder
    report: ReportMessage
    seconds: float
    cut_short: bool


async def run_session(  # noqa: PLR0913 - a session and its two ends
    source: AudioSource, display: StreamDisplay, *, url: str, token: str | None, num_speakers: int, realtime: bool
) -> StreamOutcome:
    """Streams ``source`` to its end, or until Ctrl-C where it is live; a second Ctrl-C raises ``asyncio.CancelledError``.

    ``realtime``: each frame is sent when it would have been spoken to its end. Raises ``ClientError`` and what the source raises.
    """
    display.state("connecting")
    try:
        async with connect(url, token=token) as connection:
            await connection.start(num_speakers)
            with _ended_by_signals(source, lambda: display.state("all sent, waiting for the report")):
                display.state("connected")
                display.received(StartedMessage(num_speakers=num_speakers))
                return await _Conversation(connection, source, display, realtime=realtime).run()
    except ServerError as error:
        display.refused(error.code, str(error).removeprefix(SAID_BY_SERVER))
        raise


class _Conversation:
    def __init__(self, connection: TrackerConnection, source: AudioSource, display: StreamDisplay, *, realtime: bool) -> None:
        self._connection = connection
        self._source = source
        self._display = display
        self._realtime = realtime
        self._seconds = 0.0

    async def run(self) -> StreamOutcome:
        recorder = TimelineRecorder()
        try:
            async with asyncio.TaskGroup() as group:
                sender = group.create_task(self._send_all())
                async for message in self._connection.messages():
                    self._display.received(message)
                    self._display.labelled(recorder.add(message))
                sender.cancel()
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        if recorder.report is None:
            raise ClientError(f"{self._connection.url} closed the connection without a report")
        return StreamOutcome(recorder, recorder.report, self._seconds, self._connection.server_went_away)

    async def _send_all(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async for frame in self._source.frames():
            seconds = len(frame) / BYTES_PER_SECOND
            if self._realtime:
                await asyncio.sleep(begun + self._seconds + seconds - loop.time())
            await self._connection.send_audio(frame)
            self._seconds += seconds
            self._display.sent(seconds)
        self._display.state("all sent, waiting for the report")
        await self._connection.stop()


@contextmanager
def _ended_by_signals(source: AudioSource, on_stop: Callable[[], object]) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop a live source at first; the second time, and with a file at once, they end everything."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    handled = [signal.SIGINT, signal.SIGTERM] if source.live else []
    stopping = False

    def end() -> None:
        if task is not None and not task.done():
            task.cancel()
            loop.call_later(INSIST_SECONDS, end)

    def on_signal() -> None:
        nonlocal stopping
        if stopping:
            end()
            return
        stopping = True
        on_stop()
        source.stop()

    with suppress(NotImplementedError, RuntimeError, ValueError):  # on systems and threads without signals
        for number in handled:
            loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            for number in handled:
                loop.remove_signal_handler(number)
