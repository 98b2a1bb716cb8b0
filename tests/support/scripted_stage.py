"""A chain of one stage that needs no model: the level of the audio says who speaks, 0 nobody, 1000 speaker 0, 2000 speaker 1 …"""

import numpy as np

from speaker_tracker import hookimpl
from speaker_tracker.events import AudioGap, ClientMessage, PcmReceived
from speaker_tracker.protocol import (
    BadInput,
    ErrorCode,
    ReportMessage,
    SegmentMessage,
    SpeakerMessage,
    SpeakerTotal,
    TimelineMessage,
)
from speaker_tracker.stage import LoadedStage, StageLoadError, StageOptions, StageSpec

PERIOD_MS = 500


class ScriptedOptions(StageOptions):
    """hasty: takes all speech for speaker 0 at first and puts it right a period later. broken: how to fail."""

    hasty: bool = False
    broken: str = ""


class Scripted:
    def __init__(self, options, session):
        self.options, self.session = options, session
        self.samples = np.zeros(0, np.int16)
        self.sent = 0

    def labels(self, begin, end):
        segments = []
        for ms in range(begin, end, 100):
            level = int(self.samples[ms * 16 : (ms + 100) * 16].max(initial=0))
            speaker = None if level < 500 else round(level / 1000) - 1
            if speaker is not None and speaker >= self.session.num_speakers:
                speaker = None
            if segments and segments[-1].speakerId == speaker:
                segments[-1] = SegmentMessage(startMs=segments[-1].startMs, endMs=ms + 100, speakerId=speaker)
            else:
                segments.append(SegmentMessage(startMs=ms, endMs=ms + 100, speakerId=speaker))
        return segments

    def first_guess(self, begin, end):
        guessed = self.labels(begin, end)
        if self.options.hasty:
            guessed = [s if s.speakerId is None else s.model_copy(update={"speakerId": 0}) for s in guessed]
        return guessed

    def totals(self, end):
        totals = {}
        for s in self.labels(0, end):
            if s.speakerId is not None:
                totals[s.speakerId] = totals.get(s.speakerId, 0) + s.endMs - s.startMs
        return dict(sorted(totals.items()))

    def feed(self, event):
        if self.options.broken == "in feed":
            raise ValueError("scripted failure")
        if self.options.broken == "blames the client":
            raise BadInput(ErrorCode.UNSUPPORTED_AUDIO, "this is no audio")
        silent = isinstance(event, AudioGap)
        heard = np.zeros(event.end - event.start, "<i2") if silent else np.frombuffer(event.data, "<i2")
        self.samples = np.concatenate([self.samples, heard])
        while (self.sent + PERIOD_MS) * 16 <= len(self.samples):
            begin, end = self.sent, self.sent + PERIOD_MS
            yield from self.announce(begin, end)
            self.sent = end

    def announce(self, begin, end):
        guessed = self.first_guess(begin, end)
        put_right = self.labels(begin - PERIOD_MS, begin) if self.options.hasty and begin else []
        yield ClientMessage(SpeakerMessage(currentSpeakerId=guessed[-1].speakerId, speakingTimeMs=self.totals(end)))
        if self.session.timeline:
            yield ClientMessage(TimelineMessage(audioMs=end, segments=[*put_right, *guessed]))

    def flush(self):
        end = len(self.samples) // 16
        if end > self.sent:
            yield from self.announce(self.sent, end)
        speakers = [SpeakerTotal(id=speaker, totalTimeMs=total) for speaker, total in self.totals(end).items()]
        final = [s for s in self.labels(0, end) if s.speakerId is not None]
        yield ClientMessage(ReportMessage(speakers=speakers, segments=final if self.session.timeline else None))

    def snapshot(self):
        return {}

    def restore(self, state):
        pass

    def close(self):
        pass


def load(options):
    if options.broken == "at load":
        raise StageLoadError("its weights are not there")
    return LoadedStage(open=lambda session: Scripted(options, session))


@hookimpl
def speaker_tracker_stages():
    return [
        StageSpec(
            name="scripted",
            summary="Speakers by level",
            options=ScriptedOptions,
            consumes=frozenset({PcmReceived}),
            produces=frozenset({ClientMessage}),
            load=load,
        )
    ]
