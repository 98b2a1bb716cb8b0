"""Decodes a folder of training speech once, at several speeds, into memory-mapped PCM: ``python prepare.py SPEECH NOISE WORK``.

Speech played faster or slower is another voice: each speed of a speaker counts as a speaker of its own (Yamamoto et al., "Speaker
augmentation and bandwidth extension for deep speaker embedding", Interspeech 2019).
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import soxr
from corpus import SAMPLE_RATE, UNLABELLED, pcm_file, speed_name
from numpy.typing import NDArray

SHORTEST_S = 2.0
"""A speaker with less speech than this is left out."""


def decode(file: Path) -> NDArray[np.float32]:
    """Mono samples at 16 kHz of any file that libsndfile reads."""
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    return mono if rate == SAMPLE_RATE else np.asarray(soxr.resample(mono, rate, SAMPLE_RATE), np.float32)


def at_speed(samples: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """Played ``speed`` times as fast, pitch and all."""
    return samples if speed == 1.0 else np.asarray(soxr.resample(samples, speed * SAMPLE_RATE, SAMPLE_RATE), np.float32)


def decode_all_speeds(work: Path, speeds: list[float], file: Path) -> list[int]:
    """Writes one file of PCM for every speed; answers the samples of each."""
    samples = decode(file)
    lengths = []
    for speed in speeds:
        pcm = (at_speed(samples, speed).clip(-1, 1) * 32767).astype(np.int16)
        pcm.tofile(work / f"{file.stem}.{speed_name(speed)}.part")
        lengths.append(len(pcm))
    return lengths


def main() -> None:
    """Reads the command line and prepares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "speech", type=Path, help=f"folder with one file a speaker, CORPUS_NAME.opus; {UNLABELLED}_* have no speaker"
    )
    parser.add_argument("noise", type=Path, help="a file of noise")
    parser.add_argument("work", type=Path, help="folder to write to")
    parser.add_argument("--speeds", type=float, nargs="+", default=[1.0, 0.9, 1.1])
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    work: Path = arguments.work
    speeds: list[float] = arguments.speeds
    work.mkdir(parents=True, exist_ok=True)
    files = sorted(file for file in arguments.speech.iterdir() if file.suffix in {".opus", ".flac", ".ogg", ".wav"})
    files = [file for file in files if soundfile.info(file).duration >= SHORTEST_S]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        lengths = list(pool.map(partial(decode_all_speeds, work, speeds), files, chunksize=8))
    for index, speed in enumerate(speeds):
        with pcm_file(work, speed).open("wb") as joined:
            for file in files:
                part = work / f"{file.stem}.{speed_name(speed)}.part"
                joined.write(part.read_bytes())
                part.unlink()
        print(f"speed {speed}: {sum(length[index] for length in lengths) / SAMPLE_RATE / 3600:.2f} h")
    noise = (decode(arguments.noise).clip(-1, 1) * 32767).astype(np.int16)
    noise.tofile(work / "noise.i16")
    index_file = work / "index.json"
    index_file.write_text(
        json.dumps({"speeds": speeds, "files": [file.stem for file in files], "samples": lengths}), encoding="utf-8"
    )
    print(f"{len(files)} files, {len(noise) / SAMPLE_RATE / 60:.0f} minutes of noise, in {work}")


if __name__ == "__main__":
    main()
