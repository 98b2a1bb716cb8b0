"""Runs ``cloudevents_reporter`` through a session and waits for what becomes of its report."""

import time

from speaker_tracker.events import AudioClock, ClientMessage
from speaker_tracker.protocol import ReportMessage, SpeakerMessage, SpeakerTotal
from speaker_tracker.stage import LoadedStage
from support.recording_sink import PATIENCE
from support.stage_harness import open_stage, run

NAME = "cloudevents_reporter"
OPTION = f"SPEAKER_TRACKER_STAGE_OPTIONS__{NAME.upper()}__"
REPORT = ReportMessage(speakers=[SpeakerTotal(id=0, totalTimeMs=1200)])
SESSION = [AudioClock(16_000), ClientMessage(SpeakerMessage(currentSpeakerId=0, speakingTimeMs={0: 900})), AudioClock(32_000)]


def report(stage: LoadedStage, message: ReportMessage = REPORT) -> None:
    """A session of two seconds."""
    run(open_stage(stage), [*SESSION, ClientMessage(message)])


def until(stage: LoadedStage, **expected: int) -> None:
    """Waits until these counters have these values."""
    end = time.monotonic() + PATIENCE
    while not expected.items() <= stage.counters().items() and time.monotonic() < end:
        time.sleep(0.005)
    assert expected.items() <= stage.counters().items(), stage.counters()
