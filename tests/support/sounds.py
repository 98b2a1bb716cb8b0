"""Sounds in the right format that might look wrong: tones, noise, music, telephones, clipping, near silence."""

from __future__ import annotations

import numpy as np
import soxr

from speaker_tracker_stages.pcm_format.readings import MULAW
from support.wrong_formats import companded

RATE = 16_000
SECONDS = 8


def to_16_bits(samples):
    """Floats within [-1, 1] as 16-bit samples."""
    return np.rint(np.clip(samples, -1, 32_767 / 32_768) * 32_768).astype("<i2")


def seconds(count=SECONDS):
    return np.arange(count * RATE) / RATE


def tone(hertz, level=0.5):
    return level * np.sin(2 * np.pi * hertz * seconds())


def noise(colour, level=0.1):
    """White, or falling by so many dB an octave."""
    random = np.random.default_rng(colour)
    spectrum = np.fft.rfft(random.normal(size=SECONDS * RATE))
    shaped = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 10) ** (colour / 6))
    return level * shaped / shaped.std()


def music(instrument):
    """Chords that are struck twice a second, with so many partials each."""
    random = np.random.default_rng(instrument)
    sound = np.zeros(SECONDS * RATE)
    for strike in range(2 * SECONDS):
        start = strike * RATE // 2
        length = min(RATE, len(sound) - start)
        time = np.arange(length) / RATE
        for note in random.choice([0, 2, 4, 5, 7, 9, 11, 12, 16, 19], 3, replace=False):
            base = 130.8 * 2 ** (note / 12)
            for partial in range(1, instrument + 1):
                if base * partial < RATE / 2:
                    sound[start : start + length] += (
                        np.exp(-time * (2 + partial)) * np.sin(2 * np.pi * base * partial * time) / partial
                    )
    return 0.3 * sound / np.abs(sound).max()


def telephone(speech, how):
    """Speech that went over a line of 8 kHz and was brought back to 16 kHz."""
    narrow = soxr.resample(speech.astype(np.float64), RATE, 8000)
    if how == "companded":
        narrow = MULAW[np.frombuffer(companded(narrow, MULAW), np.uint8)].astype(np.float64)
    times = np.arange(2 * len(narrow)) / 2
    wide = np.interp(times, times[::2], narrow) if how == "interpolated" else soxr.resample(narrow, 8000, RATE)
    return np.rint(wide).clip(-32_768, 32_767).astype("<i2")


def artificial():
    """Sounds by name, as 16-bit samples."""
    random = np.random.default_rng(0)
    sounds = {f"tone of {hertz} Hz at {level}": tone(hertz, level) for hertz in TONES for level in (0.001, 0.1, 0.5, 0.9, 1.5)}
    sounds |= {f"noise falling by {colour} dB": noise(colour) for colour in (0, 3, 6, 12)}
    sounds |= {f"quiet noise of {level}": noise(0, level) for level in (0.00005, 0.0005, 0.005, 0.6)}
    sounds |= {f"music of {partials} partials": music(partials) for partials in (1, 3, 8, 20)}
    sounds |= {f"hum of {base} Hz": sum(tone(base * n, 0.2 / n) for n in range(1, 8)) + noise(0, 0.001) for base in (50, 60)}
    sounds |= {f"hum of {base} Hz alone": sum(tone(base * n, 0.2 / n) for n in range(1, 8)) for base in (50, 60)}
    sounds |= {f"offset of {level}": level + noise(3, 0.001) for level in (0.01, 0.375, -0.5, 0.9)}
    sounds |= {
        "silence": np.zeros(SECONDS * RATE),
        "steady offset": np.full(SECONDS * RATE, 0.4),
        "uniform noise": random.uniform(-1, 1, SECONDS * RATE),
        "single steps": np.round(random.uniform(-1.4, 1.4, SECONDS * RATE)) / 32_768,
        "square wave": np.sign(tone(220)) * 0.4,
        "sweep": 0.5 * np.sin(2 * np.pi * (50 + 490 * seconds()) * seconds()),
        "clicks": (random.uniform(size=SECONDS * RATE) > 0.999) * 0.8,
        "high tone over hum": tone(7400, 0.02) + tone(100, 0.1),
        "two tones": tone(697, 0.3) + tone(1209, 0.3),
    }
    return {name: to_16_bits(sound) for name, sound in sounds.items()}


TONES = (50, 100, 440, 1000, 2000, 3000, 3999.9, 4000, 5333, 6000, 7000, 7900, 7999)


def variants(speech):
    """One recording of speech as lines, levels and defects make it, as 16-bit samples by name."""
    loud = speech.astype(np.float64)
    silence = np.zeros(5 * RATE, "<i2")
    return {
        "as it is": speech,
        "telephone": telephone(speech, "resampled"),
        "telephone, companded": telephone(speech, "companded"),
        "telephone, interpolated": telephone(speech, "interpolated"),
        "clipped": (20 * loud).clip(-32_768, 32_767).astype("<i2"),
        "clipped low": (4 * loud).clip(-2000, 2000).astype("<i2"),
        "very quiet": (speech >> 6).astype("<i2"),
        "nearly silent": (speech >> 9).astype("<i2"),
        "with an offset": (0.2 * loud + 12_000).clip(-32_768, 32_767).astype("<i2"),
        "of 8 bits": (speech >> 8 << 8).astype("<i2"),
        "after silence": np.concatenate([silence, speech]),
        "over hum": (0.5 * loud + 3000 * np.sin(2 * np.pi * 50 * np.arange(len(loud)) / RATE)).clip(-32_768, 32_767).astype("<i2"),
    }
