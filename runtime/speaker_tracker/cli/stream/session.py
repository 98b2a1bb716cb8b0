"""A session of ``stream``: audio from a source to a server, and messages from there to a display, also across lost connections."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from speaker_tracker.cli.stream.display import ALL_SENT, CONNECTED, CONNECTING, LOST, StreamDisplay
from speaker_tracker.cli.stream.parts import JoinedParts
from speaker_tracker.cli.stream.source import AudioSource
from speaker_tracker.client import (
    AccessRefused,
    Backoff,
    ClientError,
    ConnectionLost,
    Disconnected,
    Gap,
    Hint,
    KnownVoice,
    Reconnected,
    Report,
    Resumed,
    ServerError,
    SessionOver,
    SpeakerUpdate,
    TimelineUpdate,
    TrackerClient,
    TrackerEvent,
    Voiceprint,
)
from speaker_tracker.client.address import redacted
from speaker_tracker.protocol import BYTES_PER_SECOND, HintMessage, ReportMessage, StartedMessage
from speaker_tracker.results.timeline_recorder import TimelineRecorder

KEEPALIVE_SECONDS = 10.0
"""Time without anything sent after which a live source's session is kept open by a message."""
INSIST_SECONDS = 0.5
"""Maximum wait for the server to close the connection after a second Ctrl-C."""

SAID_BY_SERVER = "the server says: "
"""Prefix of a ``ServerError``, before the message as it was on the wire."""

logging.getLogger("speaker_tracker.client").addHandler(logging.NullHandler())  # displays show retries themselves


@dataclass(frozen=True, slots=True)
class StreamOutcome:
    """Result of a streamed session.

    ``report``: on all parts. ``parts``: their descriptions for a document; one, unless a connection was lost. ``seconds``: duration
    of the sent audio and gaps. ``notes``: notes for the user, a sentence each. ``failure``: why it ended early, if it did.
    ``voiceprints``: of the speakers of the report, by id, if they were asked for.
    """

    recorder: TimelineRecorder
    report: ReportMessage
    parts: list[dict[str, Any]]
    seconds: float
    notes: list[str]
    failure: ClientError | None
    voiceprints: Mapping[int, Voiceprint]


async def run_session(  # noqa: PLR0913 - a session and its two ends
    source: AudioSource,
    display: StreamDisplay,
    *,
    url: str,
    token: str | None,
    num_speakers: int,
    confidence: bool,
    realtime: bool,
    reconnect_for: float,
    known_voices: Sequence[KnownVoice] = (),
    voiceprints: bool = False,
) -> StreamOutcome:
    """Streams ``source`` to its end, or until Ctrl-C where it is live; a second Ctrl-C raises ``asyncio.CancelledError``.

    ``realtime``: send each frame when it would have been spoken to its end. ``reconnect_for``: seconds of retries after a lost
    session; the first is tried once. ``known_voices``, ``voiceprints``: as of ``TrackerClient``. Raises what the source raises, and
    ``ClientError`` if there is no result; otherwise the error is in the outcome.
    """
    display.state(CONNECTING)
    backoff = Backoff(attempts=sys.maxsize, give_up_seconds=reconnect_for) if reconnect_for else None
    try:
        # Events are read on the same event loop, so that only those of one read from the network can be waiting.
        async with TrackerClient(
            url,
            num_speakers=num_speakers,
            token=token,
            others=True,
            hints=True,
            confidence=confidence,
            known_voices=known_voices,
            voiceprints=voiceprints,
            reconnect=backoff,
            wait_for_server=False,
            max_waiting_events=sys.maxsize,
        ) as client:
            outcome = await _Conversation(client, redacted(url), source, display, num_speakers).run(realtime=realtime)
    except ServerError as error:
        _refused(display, error)
        raise
    except AccessRefused as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            raise ClientError(f"{error}; give it with --token") from error
        raise
    if isinstance(outcome.failure, ServerError):
        _refused(display, outcome.failure)
    return outcome


def _refused(display: StreamDisplay, error: ServerError) -> None:
    display.refused(error.code, str(error).removeprefix(SAID_BY_SERVER))


class _Conversation:
    def __init__(self, client: TrackerClient, url: str, source: AudioSource, display: StreamDisplay, num_speakers: int) -> None:
        self._client = client
        self._url = url
        self._source = source
        self._display = display
        self._num_speakers = num_speakers
        self._joined = JoinedParts(num_speakers)
        self._recorder = TimelineRecorder()
        self._sent_seconds = 0.0
        self._all_sent = False
        self._away = False
        self._ending = False
        self._hinted: set[str] = set()

    async def run(self, *, realtime: bool) -> StreamOutcome:
        with _ended_by_signals(self._source, self._end):
            self._display.state(CONNECTED)
            self._display.received(StartedMessage(num_speakers=self._num_speakers))
            self._client.stream_in_background(self._frames(), realtime=realtime)
            keeping_open = asyncio.create_task(self._keep_open())
            try:
                async for event in self._client:
                    self._take(event)
            except ClientError as error:
                if not any(part.reported or part.speaking_ms or part.segments for part in self._client.report_so_far().parts):
                    raise
                return self._outcome(error)
            finally:
                keeping_open.cancel()
            return self._outcome(None)

    async def _keep_open(self) -> None:
        """Keeps the session of a live source open while nothing comes from it, as from a program that waits."""
        sent = -1.0
        with suppress(SessionOver):
            while self._source.live and not self._all_sent:
                if sent == self._sent_seconds:
                    await self._client.keepalive()
                sent = self._sent_seconds
                await asyncio.sleep(KEEPALIVE_SECONDS)

    async def _frames(self) -> AsyncIterator[bytes | Gap]:
        async for frame in self._source.frames():
            yield frame
            seconds = frame.ms / 1000 if isinstance(frame, Gap) else len(frame) / BYTES_PER_SECOND
            self._sent_seconds += seconds
            self._display.sent(seconds)
        self._all_sent = True
        if not self._away:  # else it is kept for the next session
            self._display.state(ALL_SENT)

    def _take(self, event: TrackerEvent) -> None:
        match event:
            case SpeakerUpdate():
                self._display.received(self._joined.speaker(event))
            case TimelineUpdate():
                message = self._joined.timeline(event)
                self._display.received(message)
                self._display.labelled(self._recorder.add(message))
            case Hint() if event.code not in self._hinted:
                self._hinted.add(event.code)
                self._display.hinted(HintMessage(code=event.code, message=event.message))
            case Disconnected():
                self._away = True
                self._joined.end_part(event)
                self._display.state(LOST)
                self._display.disconnected(event)
                self._end_if_away()
            case Resumed():
                self._away = False
                self._display.state(ALL_SENT if self._all_sent else CONNECTED)
                self._display.resumed(event)
            case Reconnected():
                self._away = False
                self._joined.begin_part(event, self._client.report_so_far().parts[event.part - 1])
                self._display.state(ALL_SENT if self._all_sent else CONNECTED)
                self._display.reconnected(event, self._joined.first_speaker(event.part))

    def _end(self) -> None:
        """Ends the source, once the audio that it still holds is sent, or at once if there is no server to send it to."""
        self._ending = True
        self._display.state(ALL_SENT)
        self._source.stop()
        self._end_if_away()

    def _end_if_away(self) -> None:
        if self._ending and self._away:
            self._client.fail(self._why_unfinished(self._client.report_so_far()))

    def _outcome(self, failure: ClientError | None) -> StreamOutcome:
        report = self._client.report_so_far()
        message = self._joined.end(report)
        self._display.received(message)
        self._recorder.add(message)
        return StreamOutcome(
            self._recorder,
            message,
            self._joined.as_documents(report),
            self._sent_seconds,
            self._joined.notes,
            failure or (None if report.finished else self._why_unfinished(report)),
            self._joined.voiceprints,
        )

    def _why_unfinished(self, report: Report) -> ClientError:
        if report.parts[-1].reported:
            return ClientError(f"{self._url} shut down before all audio was processed; the report covers only a part of it")
        return ConnectionLost(f"{self._url} went away before it could report; the report covers what it had sent until then")


@contextmanager
def _ended_by_signals(source: AudioSource, end: Callable[[], object]) -> Iterator[None]:
    """Makes Ctrl-C and SIGTERM call ``end`` if the source is live; the second time, and with a file, they cancel the session."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    handled = [signal.SIGINT, signal.SIGTERM] if source.live else []
    stopping = False

    def insist() -> None:
        if task is not None and not task.done():
            task.cancel()
            loop.call_later(INSIST_SECONDS, insist)

    def on_signal() -> None:
        nonlocal stopping
        if stopping:
            insist()
            return
        stopping = True
        end()

    with suppress(NotImplementedError, RuntimeError, ValueError):  # on systems and threads without signals
        for number in handled:
            loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            for number in handled:
                loop.remove_signal_handler(number)
