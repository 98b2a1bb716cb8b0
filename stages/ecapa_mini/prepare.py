"""Decodes training speech and noise once, into PCM: ``python prepare.py SPEECH NOISE WORK``."""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from corpus import SAMPLE_RATE, UNLABELLED, Corpus, noise_file, speech_file
from numpy.typing import NDArray

from speaker_tracker.evaluation.utterances import read_samples

SHORTEST_S = 2.0
"""A speaker with less speech than this is left out."""
AUDIO = frozenset({".opus", ".flac", ".ogg", ".wav"})


def decode(file: Path) -> NDArray[np.int16]:
    """A whole audio file, 16 kHz mono."""
    return (read_samples(file).clip(-1, 1) * 32767).astype(np.int16)


def main() -> None:
    """Reads the command line and prepares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "speech", type=Path, help=f"folder with one file a speaker, CORPUS_NAME.opus; {UNLABELLED}_* have no speaker"
    )
    parser.add_argument("noise", type=Path, help="a file of noise")
    parser.add_argument("work", type=Path, help="folder to write to")
    parser.add_argument("--variants", type=int, default=12, help="in how many voices each speaker is heard, their own included")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    work: Path = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    files = sorted((file for file in arguments.speech.iterdir() if file.suffix in AUDIO), key=_corpus_first)
    names: list[str] = []
    lengths: list[int] = []
    with ProcessPoolExecutor(arguments.jobs) as pool, speech_file(work).open("wb") as joined:
        for file, pcm in zip(files, pool.map(decode, files, chunksize=4), strict=True):
            if len(pcm) >= SHORTEST_S * SAMPLE_RATE:
                joined.write(pcm.tobytes())
                names.append(file.stem)
                lengths.append(len(pcm))
    noise = decode(arguments.noise)
    noise.tofile(noise_file(work))
    corpus = Corpus(names, lengths, arguments.variants)
    index = json.dumps({"files": corpus.files, "samples": corpus.samples, "variants": corpus.variants})
    (work / "index.json").write_text(index, encoding="utf-8")
    print(f"{len(names)} files, {corpus.people} speakers, {sum(lengths) / SAMPLE_RATE / 3600:.1f} h of speech in {work}")
    print(f"{len(noise) / SAMPLE_RATE / 60:.0f} minutes of noise; in {corpus.variants} voices each: {corpus.lengths.sum()} samples")


def _corpus_first(file: Path) -> tuple[str, str]:
    return file.stem.rpartition("_")[0], file.stem


if __name__ == "__main__":
    main()
