import numpy as np
import pytest
import soundfile

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.protocol import ReportMessage, SpeakerTotal
from speaker_tracker.results.channels import join_channels
from speaker_tracker.results.timeline_recorder import TimelineRecorder
from speaker_tracker.results.tracking import Tracking, track_channels
from speaker_tracker.settings import load_settings
from support.voices import voiceprint

pytestmark = pytest.mark.usefixtures("scripted_chain")


@pytest.fixture
def call(write_audio, tmp_path):
    """Three channels: speakers 0 and 1, nobody, and speaker 0 while both others are heard."""
    names = [("a.wav", [(1, 0), (2, 1), (1, None)]), ("b.wav", [(4, None)]), ("c.wav", [(0.5, None), (3, 0), (0.5, None)])]
    channels = [soundfile.read(write_audio(name, turns), dtype="int16")[0] for name, turns in names]
    soundfile.write(tmp_path / "call.wav", np.stack(channels, axis=1), 16_000)
    return AudioFile(tmp_path / "call.wav")


def times(segments):
    return [(segment.start_ms, segment.end_ms, segment.speaker) for segment in segments]


def test_ids_go_on_from_channel_to_channel(call):
    told = []
    joined = join_channels(track_channels(build_chain(load_settings()).open, call, 2, on_progress=told.append))
    assert joined.channel_of == {0: 1, 1: 1, 2: 3}
    assert times(joined.final) == [(0, 1000, 0), (500, 3500, 2), (1000, 3000, 1)]
    assert times(joined.online) == times(joined.final)
    assert [(speaker.id, speaker.totalTimeMs) for speaker in joined.report.speakers] == [(0, 1000), (1, 2000), (2, 3000)]
    assert [segment.speakerId for segment in joined.report.segments] == [0, 2, 1]
    assert sum(told) == pytest.approx(4)


def test_the_number_of_speakers_is_that_of_each_channel(call):
    joined = join_channels(track_channels(build_chain(load_settings()).open, call, 1))
    assert joined.channel_of == {0: 1, 1: 3}


def test_names_and_voiceprints_stay_with_their_speakers():
    reports = [
        ReportMessage(speakers=[SpeakerTotal(id=0, totalTimeMs=500, name="Anna", voiceprint=voiceprint(1.0))]),
        ReportMessage(speakers=[SpeakerTotal(id=0, totalTimeMs=400, voiceprint=voiceprint(2.0))]),
    ]
    joined = join_channels([Tracking(1.0, 0.1, TimelineRecorder(), report) for report in reports])
    told = [(speaker.name, speaker.voiceprint) for speaker in joined.report.speakers]
    assert told == [("Anna", voiceprint(1.0)), (None, voiceprint(2.0))]
