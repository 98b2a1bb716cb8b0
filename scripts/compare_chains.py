"""Compares the CPU time of chains per second of audio, as a ratio to the first chain, measured in turns in one process.

Usage: python scripts/compare_chains.py BASELINE.env OTHER.env ... [--audio FILE] [--runs N]

Environment files are those of deploy/chains; a chain with onnx_embedding needs `speaker-tracker models export` first.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.engine.chain import Chain
from speaker_tracker.results.tracking import track
from speaker_tracker.settings import PREFIX, load_settings

DATA = Path(__file__).parents[1] / "tests" / "data"
KEPT = (f"{PREFIX}MODEL_CACHE",)


def load(file: Path) -> Chain:
    """The chain of an environment file, ignoring other settings in the environment but the model cache."""
    for name in [name for name in os.environ if name.startswith(PREFIX) and name not in KEPT]:
        del os.environ[name]
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        os.environ[name] = value
    return build_chain(load_settings())


def cpu_share(chain: Chain, audio: Path, num_speakers: int) -> float:
    """CPU seconds per second of ``audio``: the share of a core for a live session."""
    file = AudioFile(audio)
    begin = time.process_time()
    track(chain.open, file, num_speakers)
    return (time.process_time() - begin) / file.seconds


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="CHAIN.env")
    parser.add_argument("--audio", type=Path, default=DATA / "conversation.flac")
    parser.add_argument("--num-speakers", type=int, default=3)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    chains = [load(file) for file in given.files]
    shares: list[list[float]] = [[] for _ in chains]
    for _ in range(given.runs):
        for chain, found in zip(chains, shares, strict=True):
            found.append(cpu_share(chain, given.audio, given.num_speakers))
    width = max(len(file.stem) for file in given.files)
    print(f"{'chain':<{width}}  of a core  of the first, median (least - most) of {given.runs}")
    for file, found in zip(given.files, shares, strict=True):
        ratios = [own / first for own, first in zip(found, shares[0], strict=True)]
        ranges = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} - {max(ratios):.2f})"
        print(f"{file.stem:<{width}}  {100 * statistics.median(found):7.1f} %  {ranges}")


if __name__ == "__main__":
    main()
