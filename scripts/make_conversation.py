"""Generates the project's own conversations: ``tests/data/*.flac`` with exact ``*.rttm`` and a ``manifest.json`` for ``evaluate``.

Reads ``tests/data/conversations.toml``, has espeak-ng speak every turn, and places the turns one after the other over a low noise
floor. The reference comes from the placement: each clip without its leading and trailing silence, split at inner pauses longer
than 0.3 s. The same version of espeak-ng gives the same files.

    python scripts/make_conversation.py [--out FOLDER]
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
FRAME = SAMPLE_RATE // 100
SILENCE_DB = 35.0
"""Level below the loudest frame of a clip from which a frame of 10 ms is silent."""
LONGEST_INNER_PAUSE = 0.3
PAUSES = (0.3, 0.9)
NOISE_DBFS = -62.0
DATA = Path(__file__).parents[1] / "tests" / "data"

Samples = NDArray[np.float64]


def speak(speaker: dict[str, Any], text: str) -> Samples:
    """Synthesizes ``text`` in the voice of ``speaker`` at 16 kHz and at its level, without silence at either end."""
    command = ["espeak-ng", "-v", speaker["voice"], "-p", str(speaker["pitch"]), "-s", str(speaker["speed"]), "--stdout", text]
    spoken = subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603 - text and voices are the project's own
    wave, rate = soundfile.read(io.BytesIO(spoken), dtype="float64")
    clip: Samples = soxr.resample(wave, rate, SAMPLE_RATE)
    loud = np.flatnonzero(loud_frames(clip))
    clip = clip[loud[0] * FRAME : (loud[-1] + 1) * FRAME]
    level = np.sqrt(np.mean(clip.reshape(-1, FRAME)[loud_frames(clip)] ** 2))
    return clip * 10 ** (speaker["level"] / 20) / level


def loud_frames(clip: Samples) -> NDArray[np.bool_]:
    """Whether each complete frame of 10 ms is speech rather than silence."""
    frames = clip[: len(clip) // FRAME * FRAME].reshape(-1, FRAME)
    energy = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    loud: NDArray[np.bool_] = energy > energy.max() - SILENCE_DB
    return loud


def speech_spans(clip: Samples) -> Iterator[tuple[float, float]]:
    """Start and end of speech in seconds, split at inner pauses longer than ``LONGEST_INNER_PAUSE``."""
    loud = np.flatnonzero(loud_frames(clip))
    breaks = np.flatnonzero(np.diff(loud) - 1 > LONGEST_INNER_PAUSE * SAMPLE_RATE / FRAME)
    for first, last in zip(np.r_[0, breaks + 1], np.r_[breaks, len(loud) - 1], strict=True):
        yield loud[first] * FRAME / SAMPLE_RATE, (loud[last] + 1) * FRAME / SAMPLE_RATE


def mix(conversation: dict[str, Any]) -> tuple[Samples, list[tuple[float, float, str]]]:
    """The audio of one conversation and its turns: start and end in seconds, and the speaker."""
    random = np.random.default_rng(conversation["seed"])
    parts: list[Samples] = []
    segments: list[tuple[float, float, str]] = []
    position = 0
    for turn in conversation["turns"]:
        pause = round(turn.get("pause", random.uniform(*PAUSES)), 2)
        clip = speak(conversation["speakers"][turn["speaker"]], turn["text"])
        parts += [np.zeros(round(pause * SAMPLE_RATE)), clip]
        position += len(parts[-2])
        segments += [
            (position / SAMPLE_RATE + start, position / SAMPLE_RATE + end, turn["speaker"]) for start, end in speech_spans(clip)
        ]
        position += len(clip)
    audio = np.concatenate([*parts, np.zeros(SAMPLE_RATE // 2)])
    return audio + random.normal(0, 10 ** (NOISE_DBFS / 20), len(audio)), segments


def rttm_line(uri: str, start: float, end: float, speaker: str) -> str:
    """One ``SPEAKER`` line of NIST's Rich Transcription format; seconds."""
    return f"SPEAKER {uri} 1 {start:.3f} {end - start:.3f} <NA> <NA> {speaker} <NA> <NA>\n"


def main() -> None:
    """Writes the files; exits with one sentence if espeak-ng is missing."""
    parser = argparse.ArgumentParser(description="Make the synthetic conversations and their references.")
    parser.add_argument("--out", type=Path, default=DATA, help="folder to write to (default: tests/data)")
    out: Path = parser.parse_args().out
    if shutil.which("espeak-ng") is None:
        sys.exit("espeak-ng is needed to make the voices; install the package espeak-ng of your system")
    out.mkdir(parents=True, exist_ok=True)
    manifest = []
    for conversation in tomllib.loads((DATA / "conversations.toml").read_text(encoding="utf-8"))["conversation"]:
        uri = conversation["uri"]
        audio, segments = mix(conversation)
        soundfile.write(out / f"{uri}.flac", audio, SAMPLE_RATE, subtype="PCM_16")
        (out / f"{uri}.rttm").write_text("".join(rttm_line(uri, *segment) for segment in segments), encoding="utf-8")
        manifest.append(
            {
                "uri": uri,
                "audio": f"{uri}.flac",
                "rttm": f"{uri}.rttm",
                "num_speakers": len(conversation["speakers"]),
                "group": "synthetic",
                "seconds": round(len(audio) / SAMPLE_RATE, 2),
            }
        )
        print(f"{uri}: {len(audio) / SAMPLE_RATE:.1f} s, {len(segments)} segments")
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
