"""Streams a whole conversation to a server and gathers what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from speaker_tracker.client.connection import TrackerConnection
from speaker_tracker.client.errors import ConnectionLost
from speaker_tracker.events.audio import SAMPLE_RATE
from speaker_tracker.events.timeline import TimelineSegment
from speaker_tracker.protocol import ReportMessage
from speaker_tracker.timeline_recorder import TimelineRecorder

BYTES_PER_SECOND = SAMPLE_RATE * 2


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What came of one conversation. ``cut_short``: the server shut down, and the report covers only what it had by then."""

    recorder: TimelineRecorder
    report: ReportMessage
    cut_short: bool


async def stream(
    connection: TrackerConnection,
    frames: Iterable[bytes],
    num_speakers: int,
    *,
    realtime: bool = False,
    on_labelled: Callable[[list[TimelineSegment]], object] | None = None,
) -> StreamResult:
    """Runs one session over ``connection``: start, all ``frames`` (PCM as ``send_audio`` takes it), stop, report.

    ``realtime``: each frame is sent when it would have been spoken to its end; else as fast as the server takes them.
    ``on_labelled`` is told the stretches that the server has labelled for the first time. Raises ``ClientError`` and whatever
    ``frames`` raises.
    """
    recorder = TimelineRecorder()
    await connection.start(num_speakers)
    try:
        async with asyncio.TaskGroup() as group:
            sender = group.create_task(_send_all(connection, frames, realtime=realtime))
            async for message in connection.messages():
                new = recorder.add(message)
                if new and on_labelled is not None:
                    on_labelled(new)
            sender.cancel()
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    if recorder.report is None:
        raise ConnectionLost(f"{connection.url} closed the connection without a report")
    return StreamResult(recorder, recorder.report, connection.server_went_away)


async def _send_all(connection: TrackerConnection, frames: Iterable[bytes], *, realtime: bool) -> None:
    loop = asyncio.get_running_loop()
    begun, seconds = loop.time(), 0.0
    for frame in frames:
        seconds += len(frame) / BYTES_PER_SECOND
        await asyncio.sleep(begun + seconds - loop.time() if realtime else 0)
        await connection.send_audio(frame)
    await connection.stop()
