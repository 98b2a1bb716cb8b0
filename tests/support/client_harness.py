"""What tests of the clients for programs say and hear."""

import asyncio
import json
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.client import Backoff, Part, Report, Segment, TrackerClient, TrackerEvent
from support.server_process import ServerProcess

STARTED = '{"event": "started", "num_speakers": 2}'
SPEAKER = '{"event": "speaker", "currentSpeakerId": 0, "speakingTimeMs": {"0": 500}}'
REPORT = '{"event": "report", "speakers": [{"id": 0, "totalTimeMs": 500}]}'
"""As servers send them that a test makes up."""


def timeline(audio_ms: int, *segments: tuple[int, int, int | None]) -> str:
    """The message of a server that has taken in so much; a segment: start, end, speaker."""
    keys = ("startMs", "endMs", "speakerId")
    return json.dumps({"event": "timeline", "audioMs": audio_ms, "segments": [dict(zip(keys, s, strict=True)) for s in segments]})


PATIENCE = 120
"""Seconds within which everything happens, also on a machine that is busy with other things."""
PATIENT = Backoff(attempts=1000, first_seconds=0.05, longest_seconds=0.2, give_up_seconds=PATIENCE)
HASTY = Backoff(attempts=3, first_seconds=0.01, longest_seconds=0.02)


def level(who: int) -> NDArray[np.int16]:
    """A second of the scripted stage's speaker ``who``."""
    return np.full(16_000, 1000 * (who + 1), np.int16)


SECOND = bytes(32_000)
"""Of silence."""
SPEECH = [SECOND, level(0), level(1), level(1)]
HEARD = Report(
    (
        Part(
            number=0,
            offset_ms=0,
            sent_ms=4000,
            reported=True,
            speaking_ms={0: 1000, 1: 2000},
            segments=(Segment(1000, 2000, 0), Segment(2000, 4000, 1)),
        ),
    ),
    finished=True,
    complete=True,
)
"""What comes of ``SPEECH``."""


def quick(url: str, **options: object) -> TrackerClient:
    """A client that does not try again."""
    return TrackerClient(url, **{"reconnect": None, **options})


async def read_all(client: TrackerClient) -> list[TrackerEvent]:
    return [event async for event in client]


async def until(client: TrackerClient, wanted: Callable[[TrackerEvent], bool]) -> tuple[TrackerEvent, list[TrackerEvent]]:
    """The first event that ``wanted`` says yes to, and all before it."""
    before: list[TrackerEvent] = []
    async for event in client:
        if wanted(event):
            return event, before
        before.append(event)
    raise AssertionError(before[-3:])


def of(kind: type[TrackerEvent]) -> Callable[[TrackerEvent], bool]:
    return lambda event: isinstance(event, kind)


async def no_task_left() -> None:
    """Every task but the test's own has ended, perhaps just now."""
    async with asyncio.timeout(PATIENCE):
        while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 - tasks end without telling
            await asyncio.sleep(0.01)


async def kill(server: ServerProcess) -> None:
    server.process.kill()
    await asyncio.to_thread(server.wait, PATIENCE)
