"""Names of speakers on screens, in pictures and captions."""

from __future__ import annotations

from collections.abc import Mapping

from speaker_tracker.protocol import ReportMessage


def speaker_name(speaker: int | None, channel_of: Mapping[int, int], names: Mapping[int, str] | None = None) -> str:
    """``speaker 0``, or the name of a recognized one; if the channel is known, ``speaker 0 (channel 1)``.

    ``channel_of``: the channel of each speaker, by id; empty if channels were mixed. ``names``: those of recognized speakers.
    """
    name = (names or {}).get(-1 if speaker is None else speaker, f"speaker {speaker}")
    channel = None if speaker is None else channel_of.get(speaker)
    return name if channel is None else f"{name} (channel {channel})"


def reported_names(report: ReportMessage) -> dict[int, str]:
    """The name of each recognized speaker, by id."""
    return {speaker.id: speaker.name for speaker in report.speakers if speaker.name is not None}
