"""Decodes training speech and noise once, into PCM that is mapped: ``python prepare.py SPEECH NOISE WORK``."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from speech_corpus import SAMPLE_RATE

from speaker_tracker.evaluation.utterances import read_samples

ENDINGS = {".opus", ".flac", ".ogg", ".wav"}


def decode(file: Path) -> NDArray[np.int16]:
    """A file as int16 PCM at 16 kHz."""
    return (read_samples(file).clip(-1, 1) * 32767).astype(np.int16)


def main() -> None:
    """Reads the command line and prepares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("speech", type=Path, help="folder with one file a speaker, CORPUS_NAME.opus; unlabelled_* are left out")
    parser.add_argument("noise", type=Path, help="a file of noise")
    parser.add_argument("work", type=Path, help="folder to write to")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    work: Path = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    files = sorted(file for file in arguments.speech.iterdir() if file.suffix in ENDINGS)
    index: list[tuple[str, int, int]] = []
    first = 0
    with ProcessPoolExecutor(arguments.jobs) as pool, (work / "speech.i16").open("wb") as joined:
        for file, pcm in zip(files, pool.map(decode, files, chunksize=8), strict=True):
            joined.write(pcm.tobytes())
            index.append((file.stem, first, len(pcm)))
            first += len(pcm)
    decode(arguments.noise).tofile(work / "noise.i16")
    (work / "speech.json").write_text(json.dumps(index), encoding="utf-8")
    print(f"{len(files)} files, {first / SAMPLE_RATE / 3600:.2f} h of speech, in {work}")


if __name__ == "__main__":
    main()
