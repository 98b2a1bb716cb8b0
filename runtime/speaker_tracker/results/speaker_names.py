"""Names of speakers on screens, in pictures and captions."""

from __future__ import annotations

from collections.abc import Mapping


def speaker_name(speaker: int | None, channel_of: Mapping[int, int]) -> str:
    """``speaker 0``, or ``speaker 0 (channel 1)`` if that is known.

    ``channel_of``: the channel of each speaker, by id; empty if channels were mixed.
    """
    channel = None if speaker is None else channel_of.get(speaker)
    return f"speaker {speaker}" if channel is None else f"speaker {speaker} (channel {channel})"
