"""Sample events of every built-in type: twelve seconds in which two voices take turns, and once speak at the same time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import (
    SAMPLE_RATE,
    AudioBlock,
    AudioClock,
    AudioGap,
    ClientMessage,
    Event,
    OtherVoices,
    OverlappedSpeech,
    PcmReceived,
    SpeakerChange,
    SpeakerNow,
    SpeakersAssigned,
    SpeakersNamed,
    SpeakerSpan,
    SpeechAudio,
    SpeechEnded,
    SpeechPause,
    SpeechStarted,
    TimelineChanged,
    TimelineSegment,
    VoiceEmbedding,
    VoiceModel,
    VoiceprintsMade,
)
from speaker_tracker.protocol import SpeakerMessage, Voiceprint
from speaker_tracker.testing.single_stage import audio_blocks, pcm_frames

E = TypeVar("E", bound=Event)

SECONDS = 12
TURNS = ((1.0, 4.0, 0), (5.0, 8.0, 1), (9.0, 11.0, 0))
"""Start and end in seconds, and the speaker."""
PAUSE, OVERLAP = (2.0, 2.5), (6.0, 6.5)
"""Start and end in seconds of a pause within a turn, and of overlapped speech."""
HEARD_AFTER = SAMPLE_RATE // 2
"""How much later than the audio that it speaks of a segmentation tells (samples)."""
GAP_AT, GAP_SECONDS = 8.5, 2
"""Where audio stops for a while if gaps are asked for, between two turns, and for how long (seconds)."""
HOP, REACH = SAMPLE_RATE // 4, SAMPLE_RATE // 2
MODEL = VoiceModel("sample", 64, same_voice_cosine=0.4, calibrated_seconds=1.5)
SAMPLES_A_MS = SAMPLE_RATE // 1000
POSITIONS = frozenset({"start", "end", "position", "heard_start", "heard_end"})


def sample_events(types: Collection[type[Event]], *, frame_samples: int = 1600) -> list[Event]:
    """A stream of events of these types, in the order of a chain; deterministic.

    Audio comes in pieces of ``frame_samples``. Its voices are noise of two colours with the level of speech; embeddings are those
    of two clearly different voices. With ``AudioGap`` there is one, and what follows is later by its length. There are no samples
    of other than built-in types; see ``speaker_tracker.events``.
    """
    if AudioGap in types:
        return events_around_gap(types, GAP_AT, GAP_SECONDS, frame_samples=frame_samples)
    chosen = tuple(types)
    return [event for _, event in _in_order(frame_samples) if isinstance(event, chosen)]


def events_around_gap(types: Collection[type[Event]], at: float, seconds: float, *, frame_samples: int = 1600) -> list[Event]:
    """``sample_events`` with an ``AudioGap`` of ``seconds`` behind the last whole piece of audio before ``at`` (seconds)."""
    chosen = tuple(types)
    start = round(at * SAMPLE_RATE) // frame_samples * frame_samples
    gap = AudioGap(start, start + round(seconds * SAMPLE_RATE))
    timed = [(position, event) for (position, _), event in _in_order(frame_samples) if isinstance(event, chosen)]
    before = [event for position, event in timed if position <= start]
    after = [shifted(event, gap.end - gap.start) for position, event in timed if position > start]
    return [*before, gap, *after]


def shifted(event: E, samples: int) -> E:
    """``event`` delayed by ``samples``: fields that are positions or end in ``_ms`` are shifted, at any depth.

    ``samples``: a whole number of milliseconds.
    """
    changes = {field.name: _shifted(field.name, getattr(event, field.name), samples) for field in fields(event)}
    return replace(event, **changes)


def _shifted(name: str, value: Any, samples: int) -> Any:
    if isinstance(value, int) and name in POSITIONS:
        return value + samples
    if isinstance(value, int) and name in ("start_ms", "end_ms"):
        return value + samples // SAMPLES_A_MS
    if isinstance(value, tuple):
        return tuple(_shifted("", item, samples) for item in value)
    if is_dataclass(value) and not isinstance(value, type) and not isinstance(value, VoiceModel):
        return replace(value, **{field.name: _shifted(field.name, getattr(value, field.name), samples) for field in fields(value)})
    return value


@cache
def _audio() -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    samples = random.normal(0, 0.001, SECONDS * SAMPLE_RATE)
    for start, end, voice in TURNS:
        first, last = round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)
        noise = np.convolve(random.normal(0, 0.1, last - first), [1.0, -0.9 if voice else 0.9], mode="same")
        syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * np.arange(last - first) / SAMPLE_RATE)
        samples[first:last] += noise * syllables
    return np.clip(samples, -1, 1).astype(np.float32)


def _in_order(frame: int) -> list[tuple[tuple[int, int], Event]]:
    return sorted(_timed(frame), key=lambda pair: pair[0])


def _timed(frame: int) -> Iterator[tuple[tuple[int, int], Event]]:
    """Events with their time of arrival: the position of the newest audio, and a rank."""
    samples = _audio().copy()  # copied, so that changes by a stage do not affect later calls
    for number, (pcm, block) in enumerate(zip(pcm_frames(samples, frame), audio_blocks(samples, frame), strict=True)):
        position = min(len(samples), (number + 1) * frame)
        yield (position, 0), pcm
        yield (position, 1), block
        yield (position, 9), AudioClock(position)
    yield from _heard_within()
    speaking: dict[int, int] = {}
    for start, end, voice in TURNS:
        first, last = round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)
        yield (first, 2), SpeechStarted(first)
        for begin in range(first, last, frame):
            piece = samples[begin : min(begin + frame, last)]
            yield (begin + len(piece), 3), SpeechAudio(begin, piece)
        for begin in range(first, last, HOP):
            now = min(last, begin + HOP + REACH)
            speaking[voice] = speaking.get(voice, 0) + HOP
            yield (now, 4), _embedding(begin, first, last, voice)
            yield (now, 5), SpeakersAssigned(begin, begin + HOP, (SpeakerSpan(begin, begin + HOP, voice),))
            yield (now, 6), SpeakerNow(now, (voice,))
            yield (now, 7), _timeline(begin, voice, speaking)
            yield (now, 8), _message(voice, speaking)
        yield (last, 4), SpeechEnded(last)
        yield (min(last, first + HEARD_AFTER), 3), SpeakerChange(first, 0.75)
        yield (last, 6), SpeakerNow(last, ())
        yield (last, 7), OtherVoices(last // 8, 1)
        yield (last, 7), SpeakersNamed({voice: f"Voice {voice}"})
        yield (last, 7), VoiceprintsMade({voice: Voiceprint.of(MODEL.name, MODEL.version, np.eye(MODEL.dimension)[voice], 5.0)})


def _heard_within() -> Iterator[tuple[tuple[int, int], Event]]:
    pause, overlap = ([round(second * SAMPLE_RATE) for second in interval] for interval in (PAUSE, OVERLAP))
    yield (pause[1] + HEARD_AFTER, 3), SpeechPause(pause[0], pause[1])
    yield (overlap[1] + HEARD_AFTER, 3), OverlappedSpeech(overlap[0], overlap[1], 0.75)


def _embedding(begin: int, first: int, last: int, voice: int) -> VoiceEmbedding:
    vector = np.eye(MODEL.dimension)[voice] + np.random.default_rng(begin).normal(0, 0.08, MODEL.dimension)
    unit = (vector / np.linalg.norm(vector)).astype(np.float32)
    return VoiceEmbedding(begin, begin + HOP, max(first, begin - REACH), min(last, begin + HOP + REACH), unit, MODEL)


def _timeline(begin: int, voice: int, speaking: dict[int, int]) -> TimelineChanged:
    start, end = begin // SAMPLES_A_MS, (begin + HOP) // SAMPLES_A_MS
    times = {speaker: samples // SAMPLES_A_MS for speaker, samples in speaking.items()}
    return TimelineChanged((TimelineSegment(start, end, voice),), times)


def _message(voice: int, speaking: dict[int, int]) -> ClientMessage:
    times = {speaker: samples // SAMPLES_A_MS for speaker, samples in speaking.items()}
    return ClientMessage(SpeakerMessage(currentSpeakerId=voice, speakingTimeMs=times))


SAMPLED = (
    PcmReceived,
    AudioBlock,
    AudioClock,
    AudioGap,
    SpeechStarted,
    SpeechAudio,
    SpeechEnded,
    SpeechPause,
    OverlappedSpeech,
    SpeakerChange,
    VoiceEmbedding,
    SpeakersAssigned,
    SpeakerNow,
    OtherVoices,
    SpeakersNamed,
    VoiceprintsMade,
    TimelineChanged,
    ClientMessage,
)
"""The types covered by ``sample_events``."""
