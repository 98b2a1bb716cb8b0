"""Embeds the prepared speech with the teacher: ``python teach.py WORK``.

The teacher is Resemblyzer's LSTM voice encoder (256-dimensional, 1.4 million parameters, Apache-2.0; Wan et al., "Generalized
end-to-end loss for speaker verification", ICASSP 2018), whose package carries its weights: ``pip install --no-deps resemblyzer``.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from corpus import SAMPLE_RATE, Recording, read_corpus, teacher_file
from numpy.typing import NDArray
from torch import Tensor, nn

from speaker_tracker.evaluation.utterances import read_utterances, utterance_files
from speaker_tracker.evaluation.verification import cosine_trials, equal_error_rate, window_starts

WINDOW = 25600
"""Samples that the teacher hears at once: the 1.6 s that it was trained on."""
STEP = 12800
"""Samples from one window to the next."""
BATCH = 64
KNEE_MEL = 15
"""Below it, Slaney's mel scale is linear, above it logarithmic."""
LEVEL_DB = -30.0
"""Quieter speech is amplified to this level, as the teacher's own preprocessing does."""


class Teacher:
    """Resemblyzer's network on features made by PyTorch, so that its package needs none of its dependencies."""

    def __init__(self) -> None:
        self._lstm = nn.LSTM(40, 256, 3, batch_first=True)
        self._linear = nn.Linear(256, 256)
        self._bands = torch.from_numpy(slaney_mel_bands(40, 400))
        self._hann = torch.hann_window(400)

    def load(self, weights: Path) -> None:
        """Takes over the weights of Resemblyzer's ``pretrained.pt``; before, they are random."""
        state = torch.load(weights, map_location="cpu", weights_only=True)["model_state"]
        modules = nn.ModuleDict({"lstm": self._lstm, "linear": self._linear})
        modules.load_state_dict({name: value for name, value in state.items() if name.startswith(("lstm.", "linear."))})

    def features(self, samples: Tensor) -> Tensor:
        """Mel power spectra, shape ``(batch, frames, 40)``, of samples at 16 kHz, shape ``(batch, samples)``."""
        rms = samples.square().mean(-1, keepdim=True).sqrt()
        samples = samples * (10 ** (LEVEL_DB / 20) / rms.clamp_min(1e-6)).clamp_min(1.0)
        spectrum = torch.stft(samples, 400, 160, window=self._hann, pad_mode="constant", return_complex=True)
        return (self._bands @ spectrum.abs().square()).transpose(1, 2)

    @torch.inference_mode()
    def embed(self, samples: Tensor) -> Tensor:
        """Embeddings of unit length, shape ``(batch, 256)``."""
        _, (hidden, _) = self._lstm(self.features(samples))
        return nn.functional.normalize(torch.relu(self._linear(hidden[-1])), dim=1)


def find_weights() -> Path:
    """The weights in the installed package, which is not imported: that would ask for its dependencies."""
    spec = importlib.util.find_spec("resemblyzer")
    if spec is None or spec.origin is None:
        raise SystemExit("the teacher is not installed; run `pip install --no-deps resemblyzer`")
    return Path(spec.origin).with_name("pretrained.pt")


def slaney_mel_bands(bands: int, points: int) -> NDArray[np.float32]:
    """Triangular filters of equal area on Slaney's mel scale, which the teacher was trained on; ``(bands, points // 2 + 1)``."""

    def to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(mel < KNEE_MEL, mel * 200 / 3, 1000 * np.exp((mel - KNEE_MEL) * np.log(6.4) / 27))

    top = KNEE_MEL + 27 * np.log(SAMPLE_RATE / 2 / 1000) / np.log(6.4)
    edges = to_hz(np.linspace(0, top, bands + 2))
    frequencies = np.linspace(0, SAMPLE_RATE / 2, points // 2 + 1)
    rising = (frequencies - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return weights.astype(np.float32)


def teacher_starts(recording: Recording) -> NDArray[np.int64]:
    """Where in the recording the teacher's windows begin, in samples; the last one ends with it."""
    last = max(0, recording.length - WINDOW)
    starts = np.arange(0, last + 1, STEP)
    return starts if starts[-1] == last else np.append(starts, last)


def print_error_rates(teacher: Teacher, verification: Path) -> None:
    """Of the windows that ``speaker-tracker evaluate-embedding`` compares."""
    utterances = read_utterances(utterance_files(verification))
    readers = sorted({utterance.speaker for utterance in utterances})
    for seconds in (1.0, 1.5, 3.0):
        window = int(seconds * SAMPLE_RATE)
        cuts = [
            (readers.index(utterance.speaker), number, utterance.samples[start : start + window])
            for number, utterance in enumerate(utterances)
            for start in window_starts(len(utterance.samples), window)
        ]
        heard = torch.from_numpy(np.stack([samples for _, _, samples in cuts]))
        embeddings = torch.cat([teacher.embed(part) for part in torch.split(heard, BATCH)]).numpy()
        speakers, numbers = np.array([reader for reader, _, _ in cuts]), np.array([number for _, number, _ in cuts])
        print(f"{seconds} s: {100 * equal_error_rate(cosine_trials(embeddings, speakers, numbers)):.1f} %")


def embed_variant(work: Path, variant: int) -> str:
    """Writes the teacher's embeddings of one variant; answers a line that says so."""
    teacher = Teacher()
    teacher.load(find_weights())
    corpus = read_corpus(work)
    windows, recordings, starts = [], [], []
    embeddings: list[Tensor] = []
    for index, recording in enumerate(corpus.recordings):
        if recording.variant != variant:
            continue
        for start in teacher_starts(recording):
            samples = corpus.pcm[variant][recording.start + start : recording.start + min(start + WINDOW, recording.length)]
            windows.append(np.resize(samples, WINDOW))
            recordings.append(index)
            starts.append(start)
            if len(windows) == BATCH:
                embeddings.append(embed_quickly(teacher, windows))
                windows.clear()
    if windows:
        embeddings.append(embed_quickly(teacher, windows))
    np.savez(
        teacher_file(work, variant),
        recording=np.array(recordings, np.int32),
        start=np.array(starts, np.int32),
        embedding=torch.cat(embeddings).numpy().astype(np.float16),
    )
    return f"variant {variant}: {len(starts)} windows"


def embed_quickly(teacher: Teacher, windows: list[NDArray[np.int16]]) -> Tensor:
    """In half the time, by reduced precision: the cosine to what full precision says is above 0.995."""
    with torch.autocast("cpu", torch.bfloat16):
        return teacher.embed(torch.from_numpy(np.stack(windows)).float() / 32768).float()


def main() -> None:
    """Reads the command line and embeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder that prepare.py wrote")
    parser.add_argument(
        "--verification", type=Path, help="folder READER/*.audio: print the teacher's own equal error rates, no more"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.verification:
        teacher = Teacher()
        teacher.load(find_weights())
        print_error_rates(teacher, arguments.verification)
        return
    variants = range(len(read_corpus(arguments.work).pcm))
    missing = [variant for variant in variants if not teacher_file(arguments.work, variant).exists()]
    with get_context("spawn").Pool(arguments.processes, torch.set_num_threads, (1,)) as pool:
        for line in pool.imap_unordered(partial(embed_variant, arguments.work), missing):
            print(line, flush=True)


if __name__ == "__main__":
    main()
