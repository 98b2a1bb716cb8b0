"""The project's conversations as telephone networks carry them: 8 kHz, 8 bits a sample (G.711)."""

import numpy as np
import soundfile
import soxr

from speaker_tracker.audio.companding import alaw_table, mulaw_table
from support.known_conversation import DATA
from support.wrong_formats import companded

TABLES = {"mulaw": mulaw_table(), "alaw": alaw_table()}


def line_audio(name: str, encoding: str) -> bytes:
    """A conversation of ``tests/data`` by name, as a line of ``encoding`` has it."""
    return companded_line(soundfile.read(DATA / f"{name}.flac", dtype="int16")[0], encoding)


def companded_line(samples: np.ndarray, encoding: str) -> bytes:
    """16-bit samples at 16 kHz as a line of ``encoding`` has them."""
    return companded(soxr.resample(samples.astype(np.float64), 16_000, 8000), TABLES[encoding])
