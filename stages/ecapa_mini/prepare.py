"""Decodes training speech once, each speaker in several voices, into mapped PCM: ``python prepare.py SPEECH NOISE WORK``."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from corpus import SAMPLE_RATE, UNLABELLED, pcm_file
from voices import AS_IT_IS, draw_voice, in_voice

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.evaluation.utterances import read_samples

SHORTEST_S = 2.0
"""A speaker with less speech than this is left out."""


def decode_variants(work: Path, variants: int, numbered: tuple[int, Path]) -> list[int]:
    """Writes one file of PCM for every variant, the first as it is; answers the samples of each."""
    torch.set_num_threads(1)
    number, file = numbered
    samples = read_samples(file)
    random = np.random.default_rng(number)
    lengths = []
    for variant in range(variants):
        voice = draw_voice(random, variant - 1, variants - 1) if variant else AS_IT_IS
        pcm = (in_voice(samples, voice).clip(-1, 1) * 32767).astype(np.int16)
        pcm.tofile(part_file(work, number, variant))
        lengths.append(len(pcm))
    return lengths


def part_file(work: Path, number: int, variant: int) -> Path:
    """Where one variant of one file waits to be joined with the others."""
    return work / f"{number}.{variant}.part"


def main() -> None:
    """Reads the command line and prepares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "speech", type=Path, help=f"folder with one file a speaker, CORPUS_NAME.opus; {UNLABELLED}_* have no speaker"
    )
    parser.add_argument("noise", type=Path, help="a file of noise")
    parser.add_argument("work", type=Path, help="folder to write to")
    parser.add_argument("--variants", type=int, default=12, help="in how many voices each speaker is heard, their own included")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    work: Path = arguments.work
    variants: int = arguments.variants
    work.mkdir(parents=True, exist_ok=True)
    files = sorted(file for file in arguments.speech.iterdir() if file.suffix in {".opus", ".flac", ".ogg", ".wav"})
    files = [file for file in files if AudioFile(file).seconds >= SHORTEST_S]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        lengths = list(pool.map(partial(decode_variants, work, variants), enumerate(files), chunksize=8))
    for variant in range(variants):
        with pcm_file(work, variant).open("wb") as joined:
            for number in range(len(files)):
                part = part_file(work, number, variant)
                joined.write(part.read_bytes())
                part.unlink()
        print(f"variant {variant}: {sum(length[variant] for length in lengths) / SAMPLE_RATE / 3600:.2f} h")
    noise = (read_samples(arguments.noise).clip(-1, 1) * 32767).astype(np.int16)
    noise.tofile(work / "noise.i16")
    index_file = work / "index.json"
    index_file.write_text(json.dumps({"files": [file.stem for file in files], "samples": lengths}), encoding="utf-8")
    print(f"{len(files)} files, {len(noise) / SAMPLE_RATE / 60:.0f} minutes of noise, in {work}")


if __name__ == "__main__":
    main()
