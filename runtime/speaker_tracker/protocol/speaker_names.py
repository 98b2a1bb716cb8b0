"""Names of the recognized speakers of one session, as its messages tell them."""

from __future__ import annotations

from collections.abc import Mapping

from speaker_tracker.protocol.messages import ReportMessage, ServerMessage, SpeakerMessage, TimelineMessage


class SpeakerNames:
    """Follows the messages of a session. Names may come late, be corrected, and be taken back."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    @property
    def by_speaker(self) -> Mapping[int, str]:
        """The name of each recognized speaker, by id, as of the last message; it does not change with later ones."""
        return self._names

    def add(self, message: ServerMessage) -> None:
        """Takes in a message."""
        told: Mapping[int | None, str | None]
        match message:
            case SpeakerMessage():
                told = {message.currentSpeakerId: message.currentName}
            case TimelineMessage():
                told = {segment.speakerId: segment.name for segment in message.segments}
            case ReportMessage():
                self._names = {speaker.id: speaker.name for speaker in message.speakers if speaker.name is not None}
                return
            case _:
                return
        kept = {speaker: name for speaker, name in self._names.items() if speaker not in told}
        new = {speaker: name for speaker, name in told.items() if speaker is not None and name is not None}
        self._names = kept | new
