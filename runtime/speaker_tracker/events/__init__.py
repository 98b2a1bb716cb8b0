"""Events that stages exchange: frozen dataclasses, one module for each family.

A stage consumes some of these types and produces others. What it does not replace it passes on unchanged, so that later stages
receive it too, and a chain can carry event types of a third party from one of its stages to another.
"""

from speaker_tracker.events.audio import SAMPLE_RATE, AudioBlock, AudioClock, AudioGap, AudioHint, PcmReceived
from speaker_tracker.events.base import Event
from speaker_tracker.events.messages import ClientMessage
from speaker_tracker.events.segmentation import OverlappedSpeech, SpeakerChange, SpeechPause
from speaker_tracker.events.speakers import OtherVoices, SpeakerNow, SpeakersAssigned, SpeakersNamed, SpeakerSpan, VoiceprintsMade
from speaker_tracker.events.speech import SpeechAudio, SpeechEnded, SpeechStarted
from speaker_tracker.events.timeline import TimelineChanged, TimelineSegment
from speaker_tracker.events.voice import VoiceCalibration, VoiceEmbedding, VoiceModel

__all__ = [
    "SAMPLE_RATE",
    "AudioBlock",
    "AudioClock",
    "AudioGap",
    "AudioHint",
    "ClientMessage",
    "Event",
    "OtherVoices",
    "OverlappedSpeech",
    "PcmReceived",
    "SpeakerChange",
    "SpeakerNow",
    "SpeakerSpan",
    "SpeakersAssigned",
    "SpeakersNamed",
    "SpeechAudio",
    "SpeechEnded",
    "SpeechPause",
    "SpeechStarted",
    "TimelineChanged",
    "TimelineSegment",
    "VoiceCalibration",
    "VoiceEmbedding",
    "VoiceModel",
    "VoiceprintsMade",
]
