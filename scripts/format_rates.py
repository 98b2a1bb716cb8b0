"""Measures how many recordings are recognized as being in another format, and how many are by mistake.

    python scripts/format_rates.py FOLDER [--every N] [--seconds S]

Reads every N-th sound file in FOLDER, at any depth, as it is and converted to each wrong format of ``tests/support``, and prints a
row for each: refused, refused by the right name, hinted, in per cent of recordings with at least a second of audible sound.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from speaker_tracker.audio.file import AudioFile, audio_endings
from speaker_tracker_stages.pcm_format.watch import FormatWatch
from speaker_tracker_stages.pcm_format.wording import sentence
from support.wrong_formats import HINTED, REFUSED, UNNOTICED

RATE = 16_000
AUDIBLE = 30
"""Root mean square of a frame of 100 ms, of 32,768, from which on it is counted as sound."""


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="read every N-th file")
    parser.add_argument("--seconds", type=float, default=20.0, help="how much of each is read")
    options = parser.parse_args()
    paths = sorted(path for path in options.folder.rglob("*") if path.suffix.lower() in audio_endings())
    recordings = [samples for path in paths[:: options.every] if is_audible(samples := beginning(path, options.seconds))]
    names = {name: what for name, (what, _) in (REFUSED | HINTED).items()}
    wrong = {name: convert for name, (_, convert) in (REFUSED | HINTED).items()} | UNNOTICED
    print(f"{len(recordings)} recordings\n{'format':24}{'refused':>9}{'by name':>9}{'hinted':>9}")
    for name, convert in {"as it is": lambda samples: samples.tobytes(), **wrong}.items():
        counts: Counter[str] = Counter()
        for samples in recordings:
            watch = FormatWatch()
            finding = watch.feed(convert(samples)) or watch.conclude()
            if finding is not None:
                counts["refused" if finding.is_sure else "hinted"] += 1
                counts["named"] += finding.is_sure and name in names and names[name] in sentence(finding)
        figures = (100 * counts[column] / len(recordings) for column in ("refused", "named", "hinted"))
        print(f"{name:24}" + "".join(f"{figure:9.1f}" for figure in figures))


def beginning(path: Path, seconds: float) -> np.ndarray:
    """The first seconds of a file, as 16-bit samples."""
    frames = []
    for frame in AudioFile(path).frames():
        if len(frames) >= 10 * seconds:
            break
        frames.append(frame)
    return np.frombuffer(b"".join(frames), "<i2")


def is_audible(samples: np.ndarray) -> bool:
    """Whether there is at least a second of sound."""
    frames = samples[: len(samples) // 1600 * 1600].reshape(-1, 1600).astype(np.float32)
    return np.count_nonzero(frames.std(axis=1) > AUDIBLE) >= 10  # noqa: PLR2004


if __name__ == "__main__":
    main()
