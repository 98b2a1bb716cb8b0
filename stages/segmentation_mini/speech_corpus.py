"""The prepared speech: where each speaker's lies, where it can be cut, and which frames of it are speech.

``WORK/speech.i16`` is int16 PCM at 16 kHz, file after file; ``WORK/speech.json`` lists ``[name, first sample, samples]`` of each;
``WORK/noise.i16`` is noise. Frames are of 10 ms.
"""

from __future__ import annotations

import json
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_dilation, uniform_filter1d

SAMPLE_RATE = 16000
FRAME = 160
UNLABELLED = "unlabelled"
"""Files that hold many voices each, without names."""
WORDS = ("speech-commands", "arabic-commands", "dspspeech", "alphanumeric")
"""Corpora of single words and of letters, drawn more rarely."""
WORDS_SHARE = 0.4
SPEECH_BELOW_PEAK_DB = 28.0
"""A frame this far below its file's louder ones (95th percentile) is no speech."""
BRIDGED_FRAMES = 30
"""Pauses up to this are part of speech, as they are in references made of words."""
PAUSE_SHARE = 0.25
"""A cut falls where the level is no higher than this part of the way from the 10th to the 95th percentile."""
HELD_OUT_EVERY = 20
SHORTEST_FRAMES = 300


@dataclass(frozen=True, slots=True)
class Speaker:
    """``first`` and ``frames`` in frames of the corpus; ``gain`` brings the speech to a root mean square of 1."""

    name: str
    first: int
    frames: int
    gain: float


class SpeechCorpus:
    """``pcm``: int16, all files; ``active``: bool for each frame; ``next_pause``: for each frame the next one fit for a cut.

    ``held_out``: every twentieth speaker alone; otherwise all the others. ``limit``: no more files than this.
    """

    def __init__(self, work: Path, *, held_out: bool = False, limit: int | None = None) -> None:
        files: list[tuple[str, int, int]] = json.loads((work / "speech.json").read_text(encoding="utf-8"))
        self.pcm: NDArray[np.int16] = np.memmap(work / "speech.i16", dtype=np.int16, mode="r")
        frames = len(self.pcm) // FRAME
        self.active = np.zeros(frames, bool)
        self.next_pause = np.arange(frames, dtype=np.int32)
        self.speakers: list[Speaker] = []
        named = [file for file in files if not file[0].startswith(UNLABELLED) and file[2] // FRAME > SHORTEST_FRAMES]
        for number, (name, start, samples) in enumerate(named[:limit]):
            if (number % HELD_OUT_EVERY == 0) == held_out:
                first = -(-start // FRAME)
                self._add(name, first, (start + samples) // FRAME - first)
        if not self.speakers:
            raise SystemExit(f"{work} holds no speaker with {SHORTEST_FRAMES / 100:g} s of speech")
        weights = [speaker.frames**0.5 * (WORDS_SHARE if speaker.name.startswith(WORDS) else 1.0) for speaker in self.speakers]
        self._cumulative = list(accumulate(weights))

    def _add(self, name: str, first: int, frames: int) -> None:
        samples = self.pcm[first * FRAME : (first + frames) * FRAME].reshape(frames, FRAME).astype(np.float32) / 32768
        power = np.square(samples).mean(1)
        level = 10 * np.log10(uniform_filter1d(power, 3) + 1e-10)
        low, high = np.percentile(level, (10, 95))
        speech = level > high - SPEECH_BELOW_PEAK_DB
        bridged = binary_closing(np.pad(speech, BRIDGED_FRAMES), np.ones(BRIDGED_FRAMES, bool))[BRIDGED_FRAMES:-BRIDGED_FRAMES]
        self.active[first : first + frames] = binary_dilation(bridged, np.ones(3, bool))
        quiet = 10 * np.log10(uniform_filter1d(power, 5) + 1e-10) < low + PAUSE_SHARE * (high - low)
        quiet[-1] = True
        places = np.where(quiet, np.arange(first, first + frames), np.iinfo(np.int32).max)
        self.next_pause[first : first + frames] = np.minimum.accumulate(places[::-1])[::-1]
        gain = 1 / float(np.sqrt(power[speech].mean() + 1e-9))
        self.speakers.append(Speaker(name, first, frames, gain))

    def draw(self, random: Random) -> Speaker:
        """A speaker by chance; those with more speech come more often."""
        return self.speakers[bisect(self._cumulative, random.random() * self._cumulative[-1], hi=len(self.speakers) - 1)]

    def cut(self, random: Random, speaker: Speaker, frames: int) -> tuple[int, int]:
        """First frame and number of frames of a stretch from pause to pause, about ``frames`` long."""
        end = speaker.first + speaker.frames - 1
        start = int(self.next_pause[speaker.first + random.randrange(max(1, speaker.frames - frames))])
        stop = int(self.next_pause[min(start + frames, end)])
        if stop - start > frames + 50:
            stop = start + frames
        return start, max(1, min(stop, end) - start)


def read_noise(work: Path) -> NDArray[np.int16]:
    """The prepared noise."""
    return np.fromfile(work / "noise.i16", np.int16)
