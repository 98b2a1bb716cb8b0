"""File mode: one session in this process, as fast as it goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.benchmark.usage import Usage
from speaker_tracker.engine.chain import Chain
from speaker_tracker.results.tracking import track


@dataclass(frozen=True, slots=True)
class FileRun:
    """All recordings tracked once, without reading the files. ``seconds``: time that it took. ``used``: CPU time and audio."""

    seconds: float
    used: Usage

    @property
    def speed(self) -> float:
        """Times real time."""
        return self.used.audio_seconds / self.seconds


class HeldAudio:
    """A file that has been read already, so that reading it is not measured. Raises ``AudioFileError``."""

    def __init__(self, path: Path, frame_ms: int) -> None:
        file = AudioFile(path)
        self.path = path
        self._frames = list(file.frames(frame_ms))
        self.seconds = file.seconds

    def frames(self, frame_ms: int) -> Iterator[bytes]:  # noqa: ARG002 - as it was read
        """The audio, as ``AudioFile.frames`` gave it."""
        return iter(self._frames)


def file_runs(chain: Chain, paths: list[Path], num_speakers: int, frame_ms: int, runs: int) -> Iterator[FileRun]:
    """Tracks the recordings ``runs`` times, a session each. Raises ``AudioFileError`` and ``TrackingError``."""
    for _ in range(runs):
        stages = dict.fromkeys((stage.name for stage in chain.configured), 0.0)

        def took(stage: str, seconds: float, stages: dict[str, float] = stages) -> None:
            stages[stage] += seconds

        audio = seconds = cpu_seconds = 0.0
        for path in paths:
            held = HeldAudio(path, frame_ms)
            cpu = time.process_time()
            tracking = track(partial(chain.open, on_stage_time=took), held, num_speakers, frame_ms=frame_ms)
            cpu_seconds += time.process_time() - cpu
            audio, seconds = audio + tracking.seconds, seconds + tracking.processing_seconds
        yield FileRun(seconds, Usage(cpu_seconds, stages=stages, audio_seconds=audio))
