"""A chain of one stage that needs no model, and whose sessions can be resumed: the level of the audio says who speaks.

As with the scripted stage 0 is nobody, 1000 speaker 0, 2000 speaker 1 …, the highest level of each tenth of a second counting. It
holds no audio back, so that a session goes on without any difference. Speakers are called as the known voices are, in their order.

With the option ``faulty`` the stage fails in a session as soon as there is a sample in its audio that stands for a fault
(``FAULTS``). Until then the session, and all others, are as they should be.
"""

import time
from itertools import repeat

import numpy as np

from speaker_tracker import hookimpl
from speaker_tracker.events import AudioClock, AudioGap, ClientMessage, PcmReceived, SpeakersNamed, VoiceModel, VoiceprintsMade
from speaker_tracker.protocol import (
    BadInput,
    ErrorCode,
    ReportMessage,
    SegmentMessage,
    SpeakerMessage,
    SpeakerTotal,
    TimelineMessage,
)
from speaker_tracker.stage import Inference, LoadedStage, StageOptions, StageSpec

BLOCK = 1600
"""Samples that have one speaker."""
PERIOD = 5
"""Blocks of audio between two messages."""
MODEL = VoiceModel("levels", dimension=4, same_voice_cosine=0.5, calibrated_seconds=1.5)


def failure(kind=ValueError):
    raise kind("scripted failure")


BAD_ANSWERS = {
    "raises": failure,
    "exits": lambda: failure(SystemExit),
    "hangs": lambda: time.sleep(3600),
    "answers None": lambda: None,
    "answers a number": lambda: [7],
    "answers text": lambda: "text",
    "answers without end": lambda: repeat(AudioClock(0)),
    "asks a model that is not there": lambda: [Inference(1, lambda _: [])],
    "sends no message": lambda: [ClientMessage(None)],
}
"""What it answers, by fault."""
ODD_STATES = {
    "raises in snapshot": failure,
    "has a state that cannot be kept": object,
    "has a state that is too large": lambda: np.zeros(65 << 20, np.uint8),
}
"""What is in its state, by fault."""
FAULTS = (
    *BAD_ANSWERS,
    *ODD_STATES,
    "raises at the end",
    "raises when it is closed",
    "raises when asked what it holds",
    "raises in restore",
)


def fault_sample(fault):
    """The sample that stands for ``fault``."""
    return -20_000 - FAULTS.index(fault)


class LevelOptions(StageOptions):
    """faulty: see above."""

    faulty: bool = False


class Levels:
    def __init__(self, options, session):
        self.options, self.session = options, session
        self.names = list(dict.fromkeys(voice.name for voice in session.known_voices))
        self.runs = []  # (speaker or None, blocks)
        self.totals = {}
        self.position = self.peak = self.told = 0
        self.fault = None

    def feed(self, event):
        if isinstance(event, AudioGap):
            self.pass_over(event.end - event.start)
            answers = [*self.messages()]
        elif len(event.data) % 2:
            raise BadInput(ErrorCode.ODD_LENGTH, "a frame of audio has an odd number of bytes; samples have two each")
        else:
            answers = [*self.hear(np.frombuffer(event.data, "<i2"))]
        if self.fault in BAD_ANSWERS:
            return BAD_ANSWERS[self.fault]()
        return [*answers, AudioClock(self.position)]

    def hear(self, samples):
        if self.options.faulty and 0 <= (place := -20_000 - int(samples.min(initial=0))) < len(FAULTS):
            self.fault = FAULTS[place]
        begin = 0
        while begin < len(samples):
            piece = samples[begin : begin + BLOCK - self.position % BLOCK]
            self.peak = max(self.peak, int(piece.max()))
            self.position += len(piece)
            begin += len(piece)
            if self.position % BLOCK == 0:
                self.add(1)
                yield from self.messages()

    def pass_over(self, length):
        first = min(length, -self.position % BLOCK)
        self.position += first
        if first and self.position % BLOCK == 0:
            self.add(1)
        self.position += length - first
        self.add((length - first) // BLOCK)

    def add(self, blocks):
        speaker = None if self.peak < 500 else round(self.peak / 1000) - 1
        self.peak = 0
        if blocks == 0:
            return
        if speaker is not None and speaker >= self.session.num_speakers:
            speaker = None
        if self.runs and self.runs[-1][0] == speaker:
            blocks += self.runs.pop()[1]
        elif speaker is not None:
            self.totals.setdefault(speaker, 0)
        self.runs.append((speaker, blocks))
        self.totals = dict(sorted(self.totals.items()))

    def milliseconds(self):
        totals = dict.fromkeys(self.totals, 0)
        for speaker, blocks in self.runs:
            if speaker is not None:
                totals[speaker] += blocks * 100
        return totals

    def messages(self):
        blocks = self.position // BLOCK
        if blocks - self.told < PERIOD:
            return
        begin, self.told = self.told, blocks - blocks % PERIOD
        now = self.runs[-1][0]
        yield ClientMessage(SpeakerMessage(currentSpeakerId=now, speakingTimeMs=self.milliseconds(), currentName=self.name(now)))
        if self.session.timeline:
            segments = [s for s in self.segments() if s.endMs > begin * 100]
            yield ClientMessage(TimelineMessage(audioMs=self.position // 16, segments=segments))

    def segments(self):
        end = 0
        for speaker, blocks in self.runs:
            begin, end = end, end + blocks * 100
            yield SegmentMessage(startMs=begin, endMs=end, speakerId=speaker)

    def name(self, speaker):
        return self.names[speaker] if speaker is not None and speaker < len(self.names) else None

    def flush(self):
        if self.fault == "raises at the end":
            failure()
        speakers = [SpeakerTotal(id=who, totalTimeMs=total, name=self.name(who)) for who, total in self.milliseconds().items()]
        spoken = [segment for segment in self.segments() if segment.speakerId is not None]
        yield ClientMessage(ReportMessage(speakers=speakers, segments=spoken if self.session.timeline else None))

    def holds_audio(self):
        if self.fault == "raises when asked what it holds":
            failure()
        return False

    def snapshot(self):
        return {
            "runs": [list(run) for run in self.runs],
            "speakers": list(self.totals),
            "position": self.position,
            "peak": self.peak,
            "told": self.told,
            "unwilling": self.fault == "raises in restore",
            "odd": ODD_STATES[self.fault]() if self.fault in ODD_STATES else None,
        }

    def restore(self, state):
        if state["unwilling"]:
            failure()
        self.runs = [(speaker, blocks) for speaker, blocks in state["runs"]]
        self.totals = dict.fromkeys(state["speakers"], 0)
        self.position, self.peak, self.told = state["position"], state["peak"], state["told"]

    def close(self):
        if self.fault == "raises when it is closed":
            failure()


def load(options):
    return LoadedStage(open=lambda session: Levels(options, session), voice_model=MODEL)


@hookimpl
def speaker_tracker_stages():
    return [
        StageSpec(
            name="levels",
            summary="Speakers by level, in sessions that can be resumed",
            options=LevelOptions,
            consumes=frozenset({PcmReceived}),
            produces=frozenset({ClientMessage, AudioClock, SpeakersNamed, VoiceprintsMade}),
            load=load,
            cpu_heavy=True,
        )
    ]
