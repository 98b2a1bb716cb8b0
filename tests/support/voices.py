"""Voiceprints for tests that need no model: numbers that a made-up server takes and gives."""

from speaker_tracker.protocol import KnownVoice, Voiceprint


def voiceprint(place: float = 1.0, seconds: float = 20.0, model: str = "ecapa-mini", version: int = 1) -> Voiceprint:
    """A print whose first value is ``place``."""
    return Voiceprint.of(model, version, [place, 0.5, -0.25], seconds)


def known(name: str, place: float = 1.0, **more: object) -> KnownVoice:
    return KnownVoice(name=name, voiceprint=voiceprint(place, **more))
