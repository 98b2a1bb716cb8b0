from contextlib import closing
from functools import partial

import pytest

from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.evaluation.changes import Changes, NearConfusion
from speaker_tracker.evaluation.detection import Detection, Found
from speaker_tracker.evaluation.manifest import Conversation, ManifestError
from speaker_tracker.evaluation.processes import in_processes
from speaker_tracker.evaluation.runner import Evaluator
from speaker_tracker.events import OverlappedSpeech, SpeakerChange, SpeechPause
from speaker_tracker.settings import load_settings

pytest.importorskip("pyannote.metrics")
pytestmark = pytest.mark.usefixtures("scripted_chain")

RTTM = "SPEAKER {0} 1 1.0 1.0 <NA> <NA> anna <NA> <NA>\nSPEAKER {0} 1 2.0 1.0 <NA> <NA> bert <NA> <NA>\n"


@pytest.fixture
def evaluator():
    return Evaluator(partial(build_chain, load_settings()), frame_ms=100)


@pytest.fixture
def entry(tmp_path, conversation):
    def make(uri="one", seconds=4.0, rttm=RTTM):
        path = tmp_path / f"{uri}.rttm"
        path.write_text(rttm.format(uri))
        return Conversation(uri=uri, audio=conversation, rttm=path, num_speakers=2, group="clean", seconds=seconds)

    return make


def test_both_timelines_are_scored_over_the_seconds_of_the_manifest(evaluator, entry):
    # Speaker 1 goes on for a second that the reference has not; with 3.5 s to be scored half of it counts.
    assert evaluator(entry()).final.false_alarm == pytest.approx(1)
    assert evaluator(entry(seconds=3.5)).online.false_alarm == pytest.approx(0.5)


def test_detection_and_changes_are_those_of_the_timelines(evaluator, entry):
    # Of two turns that touch, the second goes on for a second that the reference has not.
    result = evaluator(entry())
    assert result.online_detection == result.final_detection == Detection(Found(2, 0, 1), Found())
    assert result.changes == Changes(4, total=1, found=1, false=0)
    assert (result.online_near, result.final_near) == (NearConfusion(), NearConfusion())


def test_the_online_timeline_has_confusion_near_changes_that_the_final_one_has_not(entry, monkeypatch):
    monkeypatch.setenv("SPEAKER_TRACKER_STAGE_OPTIONS__SCRIPTED__HASTY", "true")
    evaluator = Evaluator(partial(build_chain, load_settings()), frame_ms=100)
    # All is first given to one speaker, who is then Anna or Bert: half a second of the other is near the change.
    result = evaluator(entry())
    assert result.online_near.around == pytest.approx(0.5)
    assert result.final_near.around == 0


def test_turns_of_other_recordings_in_the_same_file_are_passed_over(evaluator, entry):
    result = evaluator(entry(rttm=RTTM + "SPEAKER other 1 0 4 <NA> <NA> carl <NA> <NA>\n"))
    assert result.final.total == pytest.approx(2)


def test_a_reference_that_knows_only_other_recordings_is_an_error(evaluator, entry):
    with pytest.raises(ManifestError, match=r"one: .*one\.rttm has no turns of it, only of other"):
        evaluator(entry(rttm="SPEAKER other 1 0 4 <NA> <NA> carl <NA> <NA>\n"))


def test_audio_that_is_shorter_than_the_manifest_says_is_an_error(evaluator, entry):
    with pytest.raises(ManifestError, match=r"one: the manifest says 9\.0 s, .* has 4\.0 s"):
        evaluator(entry(seconds=9.0))


def test_the_chain_is_loaded_once(entry):
    loaded = []

    def load():
        loaded.append(build_chain(load_settings()))
        return loaded[-1]

    results = list(in_processes(Evaluator(load, frame_ms=100), [entry("one"), entry("two")], 1, lambda each: each.seconds))
    assert [result.uri for result in results] == ["one", "two"]
    assert len(loaded) == 1


HEARING_STAGE = """
from speaker_tracker import hookimpl
from speaker_tracker.events import ClientMessage, OverlappedSpeech, SpeakerChange, SpeechEnded, SpeechPause
from speaker_tracker.stage import LoadedStage, StageSpec, StatelessStage

HEARD = (SpeakerChange(0, 0.5), OverlappedSpeech(16_000, 17_000, 0.75), SpeechEnded(20_000), SpeechPause(32_000, 33_000))


class Hearing(StatelessStage):
    def feed(self, event):
        yield event

    def flush(self):
        return HEARD


@hookimpl
def speaker_tracker_stages():
    flow = {"consumes": frozenset({ClientMessage}), "produces": frozenset(map(type, HEARD))}
    return [StageSpec(name="hearing", summary="", load=lambda _: LoadedStage(open=lambda _: Hearing()), **flow)]
"""


def test_what_a_segmentation_hears_is_kept_and_nothing_else(entry, site, monkeypatch):
    site.install("hearing", HEARING_STAGE, distribution="hearing-dist", entry_points={"hearing": "hearing"})
    monkeypatch.setenv("SPEAKER_TRACKER_STAGES", "scripted,hearing")
    with closing(Evaluator(partial(build_chain, load_settings()), frame_ms=100)) as evaluator:
        observed = evaluator.observe(entry())

    assert observed.heard == [SpeakerChange(0, 0.5), OverlappedSpeech(16_000, 17_000, 0.75), SpeechPause(32_000, 33_000)]
    assert observed.embeddings == []
