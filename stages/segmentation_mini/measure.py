"""Measures what finds speech, overlaps and changes on recordings with references: ``python measure.py FOLDER --network WEIGHTS``.

``FOLDER`` holds ``manifest.json`` (``uri``, ``audio``, ``rttm``, ``group`` of each) and what it names. Silero and the teacher can
be measured, too. ``--monitor FILE`` writes the recordings of a group as features besides, for ``train.py --monitor``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from detection import Tally, bridged, decide, pick_changes
from labels import changes, counts
from numpy.typing import NDArray
from teacher import in_frames, of_counts, of_speakers
from torch import Tensor

from speaker_tracker.evaluation.utterances import read_samples
from speaker_tracker_plugins.pyannote_segmentation.powerset import WINDOW, WINDOW_S
from speaker_tracker_plugins.pyannote_segmentation.torch_backend import load_network
from speaker_tracker_stages.speaker_segmentation.features import HOP, SAMPLE_RATE, log_mel
from speaker_tracker_stages.speaker_segmentation.features import WINDOW as MEL_WINDOW
from speaker_tracker_stages.speaker_segmentation.network import (
    DELAY,
    FRAME_RATE,
    SegmentationMini,
    initial_state,
    probabilities,
)

CHUNK_FRAMES = 20
"""Feature frames in one chunk of a stream."""
MONITOR_SCALE = 0.1
TEACHER_STEP_S = 0.5
TEACHER_LATENCY_S = 1.0


@dataclass(frozen=True, slots=True)
class Recording:
    """``samples``: float32, 16 kHz; ``active``: bool, ``(speakers, frames)``."""

    name: str
    group: str
    samples: NDArray[np.float32]
    active: NDArray[np.bool_]


Detector: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Samples to probabilities of nobody, one, two, and of a change, ``(frames, 4)``."""


def read_recordings(folder: Path, groups: list[str] | None) -> list[Recording]:
    """Those of the manifest that belong to ``groups``, or all."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    found = []
    for entry in manifest:
        if groups and entry["group"] not in groups:
            continue
        samples = read_samples(folder / entry["audio"])
        frames = len(samples) * FRAME_RATE // SAMPLE_RATE
        middles = (np.arange(frames) + 0.5) / FRAME_RATE
        speakers: dict[str, NDArray[np.bool_]] = {}
        for line in (folder / entry["rttm"]).read_text(encoding="utf-8").splitlines():
            fields = line.split()
            start, length = float(fields[3]), float(fields[4])
            active = speakers.setdefault(fields[7], np.zeros(frames, bool))
            active |= (middles >= start) & (middles < start + length)
        found.append(Recording(entry["uri"], entry["group"], samples, np.stack(list(speakers.values()))))
    return found


def features(samples: NDArray[np.float32]) -> Tensor:
    """Log-mel features of all frames of a recording, silence behind it so that the last output is known."""
    frames = len(samples) * FRAME_RATE // SAMPLE_RATE + DELAY
    behind = 2 * frames * HOP + MEL_WINDOW - HOP - len(samples)
    return torch.from_numpy(log_mel(np.pad(samples, (0, max(0, behind))))[: 2 * frames])[None]


def of_network(weights: Path) -> Detector:
    """``segmentation-mini``, fed in chunks."""
    network = SegmentationMini().eval()
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))

    @torch.inference_mode()
    def detect(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        state, said = initial_state(1), []
        for chunk in torch.split(features(samples), CHUNK_FRAMES, 1):
            logits, state = network(chunk, state)
            said.append(probabilities(logits[0]))
        return np.asarray(torch.cat(said)[DELAY:].numpy(), np.float32)

    return detect


def of_teacher(weights: Path) -> Detector:
    """segmentation-3.0, every half second on the last 10 s; what it says of a frame is taken with 1 s of latency."""
    teacher = load_network(weights)

    @torch.inference_mode()
    def detect(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        frames = len(samples) * FRAME_RATE // SAMPLE_RATE
        step, latency = round(TEACHER_STEP_S * FRAME_RATE), round(TEACHER_LATENCY_S * FRAME_RATE)
        per_window = WINDOW_S * FRAME_RATE
        padded = np.pad(samples, (WINDOW, WINDOW))
        said = np.zeros((frames, 4), np.float32)
        for end in range(latency, frames + latency, step):
            heard = padded[(end * SAMPLE_RATE) // FRAME_RATE :][:WINDOW]
            # What lies before the recording is left out, so that the window's own level is that of the recording.
            heard = heard[max(0, WINDOW - end * SAMPLE_RATE // FRAME_RATE) :]
            full = np.pad(heard, (0, WINDOW - len(heard)))
            sets = in_frames(teacher(torch.from_numpy(full)[None]), per_window, FRAME_RATE)
            place = min(end, per_window) - latency
            stop = min(step, frames - (end - latency))
            said[end - latency :][:stop, :3] = of_counts(sets)[0, place : place + stop]
            changed = changes(of_speakers(sets) > 0.5)[0]  # noqa: PLR2004 - more likely than not
            said[end - latency :][:stop, 3] = changed[place : place + stop]
        return said

    return detect


def of_silero() -> Detector:
    """Silero's probability of speech, as ``silero_vad`` takes it; it knows of no overlaps and no changes."""
    from speaker_tracker_stages.silero_vad.level import LevelFollower  # noqa: PLC0415 - only where it is asked for
    from speaker_tracker_stages.silero_vad.model import (  # noqa: PLC0415
        CONTEXT,
        FRAME,
        STATE_SHAPE,
        SileroModel,
        SpeechQuery,
    )
    from speaker_tracker_stages.silero_vad.torch_backend import TorchNetwork  # noqa: PLC0415

    model = SileroModel(TorchNetwork())

    def detect(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        level = LevelFollower(SAMPLE_RATE / FRAME)
        whole = np.pad(samples, (0, -len(samples) % FRAME)).reshape(-1, FRAME)
        stream = np.concatenate([np.zeros(CONTEXT, np.float32), *(level.amplified(frame) for frame in whole)])
        windows = np.lib.stride_tricks.sliding_window_view(stream, CONTEXT + FRAME)[::FRAME]
        query = SpeechQuery(windows, np.ones(len(windows), bool), np.zeros(STATE_SHAPE, np.float32))
        speech = model.infer([query])[0].probabilities
        frames = len(samples) * FRAME_RATE // SAMPLE_RATE
        at = ((np.arange(frames) + 0.5) * SAMPLE_RATE / FRAME_RATE / FRAME).astype(int).clip(0, len(speech) - 1)
        return np.stack([1 - speech[at], speech[at], 0 * speech[at], 0 * speech[at]], 1).astype(np.float32)

    return detect


def measure(
    detector: Detector, recordings: list[Recording], thresholds: tuple[float, float, float], bridge: float
) -> dict[str, Tally]:
    """A tally of each group, collar 0. ``thresholds``: of speech, overlap and change; ``bridge``: as ``bridged``, in seconds."""
    speech, overlap, change = thresholds
    tallies: dict[str, Tally] = {}
    for recording in recordings:
        tally = tallies.setdefault(recording.group, Tally())
        said = detector(recording.samples)
        active = torch.from_numpy(recording.active)[None]
        found = bridged(decide(said[:, :3], speech, overlap), round(bridge * FRAME_RATE))
        tally.add(counts(active)[0].numpy(), found, 1 / FRAME_RATE)
        times = (np.flatnonzero(changes(active)[0].numpy()) + 0.5) / FRAME_RATE
        tally.add_changes(times, pick_changes(said[:, 3], change, 1 / FRAME_RATE))
    return tallies


def write_monitor(recordings: list[Recording], file: Path) -> None:
    """Features in steps of ``MONITOR_SCALE``, one byte each, and activity."""
    lowest = float(np.log(1e-7))
    stored: dict[str, NDArray[np.generic]] = {"scale": np.array([MONITOR_SCALE, lowest])}
    for recording in recordings:
        coded = (features(recording.samples)[0].numpy() - lowest) / MONITOR_SCALE
        stored[f"{recording.name}.log_mel"] = coded.round().clip(0, 255).astype(np.uint8)
        stored[f"{recording.name}.active"] = recording.active
    stored["names"] = np.array(json.dumps([recording.name for recording in recordings]))
    np.savez_compressed(file, **stored)  # type: ignore[arg-type]


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--network", type=Path, help="exported weights")
    parser.add_argument("--teacher", type=Path, help="the teacher's weights")
    parser.add_argument("--silero", action="store_true")
    parser.add_argument("--groups", nargs="+")
    parser.add_argument("--thresholds", type=float, nargs=3, default=(0.5, 0.5, 0.5), metavar=("SPEECH", "OVERLAP", "CHANGE"))
    parser.add_argument("--bridge", type=float, default=0.0, help="pauses of up to so many seconds count as speech")
    parser.add_argument("--monitor", type=Path, help="file to write")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recordings = read_recordings(arguments.folder, arguments.groups)
    if arguments.monitor:
        write_monitor(recordings, arguments.monitor)
    detectors: dict[str, Detector] = {}
    if arguments.network:
        detectors["segmentation-mini"] = of_network(arguments.network)
    if arguments.teacher:
        detectors["segmentation-3.0"] = of_teacher(arguments.teacher)
    if arguments.silero:
        detectors["silero"] = of_silero()
    seconds = sum(len(recording.samples) for recording in recordings) / SAMPLE_RATE
    for name, detector in detectors.items():
        started = time.process_time()
        tallies = measure(detector, recordings, tuple(arguments.thresholds), arguments.bridge)
        print(f"{name}: {1000 * (time.process_time() - started) / seconds:.1f} ms of one thread for a second of audio")
        for group, tally in tallies.items():
            print(f"  {group}: {json.dumps(tally.figures())}")


if __name__ == "__main__":
    main()
