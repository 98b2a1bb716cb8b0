"""Finds the recordings of AIFF, AU, CAF and Wave64 files that were concatenated."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from speaker_tracker.audio.layout import Decoder, Layout, Part

BEGINNINGS = {
    "an AIFF file": re.compile(rb"FORM....AIF[FC]", re.DOTALL),
    "an AU file": re.compile(rb"\.snd\x00\x00......\x00\x00\x00[\x01-\x1b]", re.DOTALL),
    "a CAF file": re.compile(rb"caff\x00\x01\x00\x00desc"),
    "a Wave64 file": re.compile(rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"),
}
"""First bytes of a recording by kind, as named by ``media_kind``; too many for samples to contain them by chance."""


def concatenated_layout(path: Path, kind: str) -> Layout | None:
    """A part for each recording; None for a single one, or another kind."""
    if kind not in BEGINNINGS:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        starts = [found.start() for found in BEGINNINGS[kind].finditer(data)]
        ends = [*starts[1:], len(data)]
    if len(starts) < 2:  # noqa: PLR2004 - one is not several
        return None
    return Layout([Part(Decoder.LIBSNDFILE, None, [(start, end)]) for start, end in zip(starts, ends, strict=True)])
