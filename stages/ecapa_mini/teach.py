"""Makes the voices of the prepared speech and embeds them with the teachers: ``python teach.py WORK``.

On a GPU ``train.py`` does so by itself, while it trains; on CPUs, let this run before, a process a core.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from corpus import BLOCK, SAMPLE_RATE, Corpus, read_corpus, speech_file, teacher_file, voices_file
from teachers import all_teachers
from torch import Tensor, nn
from voices import in_voices

from speaker_tracker.evaluation.utterances import read_utterances, utterance_files
from speaker_tracker.evaluation.verification import cosine_trials, equal_error_rate, window_starts

BATCH = {"cpu": 16, "cuda": 256}
"""Blocks that the teachers hear at once."""
MOST_SAMPLES = {"cpu": 2_000_000, "cuda": 24_000_000}
"""Samples that are said in other voices at once; a longer file is taken alone."""


def make_voices(corpus: Corpus, speech: Tensor, variant: int, voices: Tensor) -> None:
    """Says all speech in the voices of one variant.

    ``speech``: int16, all files as they are; ``voices``: int16, that variant's part of the PCM, to be filled, on the device that
    does the work.
    """
    first = int(corpus.starts[variant, 0])
    starts = np.cumsum(corpus.samples) - corpus.samples
    for files in _alike(corpus, variant, MOST_SAMPLES[voices.device.type]):
        rows = [speech[starts[file] : starts[file] + corpus.samples[file]] for file in files]
        samples = nn.utils.rnn.pad_sequence([row.to(voices.device) for row in rows], batch_first=True).float() / 32768
        own = [corpus.voices[variant][file] for file in files]
        said = in_voices(samples, own[0].percent, [voice.formants for voice in own])
        pcm = (said.clamp(-1, 1) * 32767).to(torch.int16)
        for row, file in zip(pcm, files, strict=True):
            start, length = int(corpus.starts[variant, file]) - first, int(corpus.lengths[variant, file])
            voices[start : start + length] = row[:length]


def _alike(corpus: Corpus, variant: int, most: int) -> Iterator[list[int]]:
    """Files of one speed and about one length."""
    voices = corpus.voices[variant]
    batch: list[int] = []
    for file in sorted(range(len(corpus.files)), key=lambda file: (voices[file].percent, corpus.samples[file])):
        longest = corpus.samples[file]
        if batch and (voices[file].percent != voices[batch[0]].percent or longest * (len(batch) + 1) > most):
            yield batch
            batch = []
        batch.append(file)
    yield batch


@torch.inference_mode()
def embed_voices(corpus: Corpus, variant: int, voices: Tensor, teachers: Sequence[nn.Module]) -> Tensor:
    """What the teachers say of each block of one variant, side by side, float16, shape ``(blocks, d)``.

    ``voices``: int16, that variant's part of the PCM, on the teachers' device. A file shorter than a block is repeated.
    """
    device = voices.device
    files = corpus.block_files(variant)
    starts = torch.from_numpy((corpus.starts[variant] - corpus.starts[variant, 0])[files]).to(device)
    within = torch.from_numpy(corpus.block_starts(variant)).to(device)
    lengths = torch.from_numpy(corpus.lengths[variant][files]).to(device)
    offsets = torch.arange(BLOCK, device=device)
    parts: list[Tensor] = []
    rounds = -(-len(files) // BATCH[device.type])
    for chosen in (torch.arange(rounds * BATCH[device.type], device=device) % len(files)).view(rounds, -1):  # all of one shape
        positions = starts[chosen, None] + (within[chosen, None] + offsets) % lengths[chosen, None]
        samples = voices[positions].float() / 32768
        parts.append(torch.cat([teacher(samples).half() for teacher in teachers], dim=1))
    return torch.cat(parts)[: len(files)]


def teach(work: Path, variant: int) -> str:
    """Writes voices and embeddings of one variant; answers a line that says so."""
    corpus = read_corpus(work)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    speech = torch.from_numpy(np.fromfile(speech_file(work), np.int16))
    span = corpus.span(variant)
    voices = torch.empty(span.stop - span.start, dtype=torch.int16, device=device)
    make_voices(corpus, speech, variant, voices)
    with voices_file(work).open("r+b") as joined:
        joined.seek(2 * span.start)
        joined.write(voices.cpu().numpy().tobytes())
    embeddings = embed_voices(corpus, variant, voices, [teacher.to(device) for teacher in all_teachers()])
    np.save(teacher_file(work, variant), embeddings.cpu().numpy())
    return f"variant {variant}: {len(embeddings)} blocks"


def print_error_rates(verification: Path) -> None:
    """Each teacher's, less its mean, and that of all together, on the windows of ``speaker-tracker evaluate-embedding``."""
    utterances = read_utterances(utterance_files(verification))
    readers = sorted({utterance.speaker for utterance in utterances})
    teachers = all_teachers()
    for seconds in (1.5, 3.0):
        window = int(seconds * SAMPLE_RATE)
        cuts = [
            (readers.index(utterance.speaker), number, utterance.samples[start : start + window])
            for number, utterance in enumerate(utterances)
            for start in window_starts(len(utterance.samples), window)
        ]
        heard = torch.from_numpy(np.stack([samples for _, _, samples in cuts]))
        speakers, numbers = np.array([reader for reader, _, _ in cuts]), np.array([number for _, number, _ in cuts])
        with torch.inference_mode():
            said = [torch.cat([teacher(part) for part in torch.split(heard, 16)]) for teacher in teachers]
        less_mean = [nn.functional.normalize(one - one.mean(0), dim=1) for one in said]
        for name, embeddings in zip(
            [type(one).__name__ for one in teachers] + ["all"], [*less_mean, torch.cat(less_mean, 1)], strict=True
        ):
            print(f"{name}, {seconds} s: {100 * equal_error_rate(cosine_trials(embeddings.numpy(), speakers, numbers)):.1f} %")


def main() -> None:
    """Reads the command line and teaches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder that prepare.py wrote")
    parser.add_argument(
        "--verification", type=Path, help="folder READER/*.audio: print the teachers' own equal error rates, no more"
    )
    parser.add_argument("--processes", type=int, default=1 if torch.cuda.is_available() else os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.verification:
        print_error_rates(arguments.verification)
        return
    work: Path = arguments.work
    voices_file(work).touch()
    missing = [variant for variant in range(read_corpus(work).variants) if not teacher_file(work, variant).exists()]
    with get_context("spawn").Pool(arguments.processes, torch.set_num_threads, (1,)) as pool:
        for line in pool.imap_unordered(partial(teach, work), missing):
            print(line, flush=True)


if __name__ == "__main__":
    main()
