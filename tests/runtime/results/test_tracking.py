import pytest

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.results.tracking import TrackingError, track
from speaker_tracker.settings import load_settings

pytestmark = pytest.mark.usefixtures("scripted_chain")


@pytest.fixture
def open_pipeline():
    def open_it(**options):
        return build_chain(load_settings(stage_options={"scripted": options})).open

    return open_it


def test_a_file_gives_the_timelines_and_the_report_of_a_session(open_pipeline, conversation):
    tracking = track(open_pipeline(hasty=True), AudioFile(conversation), 2)
    assert [(s.start_ms, s.end_ms, s.speaker) for s in tracking.recorder.online] == [(1000, 4000, 0)]
    assert [(s.start_ms, s.end_ms, s.speaker) for s in tracking.recorder.final] == [(1000, 2000, 0), (2000, 4000, 1)]
    assert [(speaker.id, speaker.totalTimeMs) for speaker in tracking.report.speakers] == [(0, 1000), (1, 2000)]
    assert tracking.seconds == 4
    assert 0 < tracking.real_time_factor < 1


@pytest.mark.parametrize("frame_ms", [10, 100, 3000])
def test_the_length_of_frames_does_not_change_the_final_timeline(open_pipeline, conversation, frame_ms):
    tracking = track(open_pipeline(), AudioFile(conversation), 2, frame_ms=frame_ms)
    assert [(s.start_ms, s.end_ms, s.speaker) for s in tracking.recorder.final] == [(1000, 2000, 0), (2000, 4000, 1)]


def test_the_number_of_speakers_reaches_the_session(open_pipeline, conversation):
    tracking = track(open_pipeline(), AudioFile(conversation), 1)
    assert [speaker.id for speaker in tracking.report.speakers] == [0]


def test_progress_adds_up_to_the_duration(open_pipeline, conversation):
    told = []
    track(open_pipeline(), AudioFile(conversation), 2, on_progress=told.append)
    assert sum(told) == pytest.approx(4)


@pytest.mark.parametrize(
    ("broken", "sentence"), [("in feed", "stage 'scripted' failed on the server's side"), ("blames the client", "this is no audio")]
)
def test_a_session_that_fails_names_the_file(open_pipeline, conversation, broken, sentence):
    with pytest.raises(TrackingError) as raised:
        track(open_pipeline(broken=broken), AudioFile(conversation), 2)
    assert str(raised.value).startswith(f"{conversation}: {sentence}")
