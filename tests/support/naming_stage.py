"""The scripted chain with names: a voiceprint's first value says whose it is, 1 for speaker 0, 2 for speaker 1 …

Of known voices that are the same one, the first gives the name.
"""

from scripted_plugin import Scripted, ScriptedOptions

from speaker_tracker import hookimpl
from speaker_tracker.events import ClientMessage, PcmReceived, SpeakersNamed, VoiceModel, VoiceprintsMade
from speaker_tracker.protocol import ReportMessage, TimelineMessage, Voiceprint
from speaker_tracker.stage import LoadedStage, StageSpec

MODEL = VoiceModel(name="levels", dimension=2, same_voice_cosine=0.5, calibrated_seconds=1.5)
PRINT_MS = 5000


class Naming(Scripted):
    def __init__(self, options, session):
        super().__init__(options, session)
        self.names = {round(voice.voiceprint.values[0]) - 1: voice.name for voice in reversed(session.known_voices)}

    def named(self, segments):
        return [segment.model_copy(update={"name": self.names.get(segment.speakerId)}) for segment in segments]

    def speaker(self, total):
        long_enough = self.session.voiceprints and total.totalTimeMs >= PRINT_MS
        voiceprint = Voiceprint.of("levels", 1, [total.id + 1.0, 0.5], total.totalTimeMs / 1000) if long_enough else None
        return total.model_copy(update={"name": self.names.get(total.id), "voiceprint": voiceprint})

    def message(self, message):
        if isinstance(message, TimelineMessage):
            return message.model_copy(update={"segments": self.named(message.segments)})
        if isinstance(message, ReportMessage):
            speakers = [self.speaker(total) for total in message.speakers]
            return message.model_copy(update={"speakers": speakers, "segments": self.named(message.segments or [])})
        return message

    def feed(self, event):
        for answer in super().feed(event):
            yield ClientMessage(self.message(answer.message))

    def flush(self):
        for answer in super().flush():
            yield ClientMessage(self.message(answer.message))


@hookimpl
def speaker_tracker_stages():
    return [
        StageSpec(
            name="naming",
            summary="Speakers by level, with names",
            options=ScriptedOptions,
            consumes=frozenset({PcmReceived}),
            produces=frozenset({ClientMessage, SpeakersNamed, VoiceprintsMade}),
            load=lambda options: LoadedStage(open=lambda session: Naming(options, session), voice_model=MODEL),
        )
    ]
