"""The first voices are tracked, from their first words on; whoever else speaks is nobody, however many they are."""

import pytest
import soundfile

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.results.tracking import track
from speaker_tracker.settings import load_settings
from support.scenes import RATE, Scene, whispered
from support.shared_data import SPEECH, needs_shared_data

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), needs_shared_data]

TOLERANCE = 0.35
"""Share of a person's time that may lack: readers pause within it. With another person's turns on top it would be exceeded."""


@pytest.fixture(scope="module")
def chain():
    chain = build_chain(load_settings())
    yield chain
    chain.close()


def totals(chain, scene, tmp_path, num_speakers=2):
    """Seconds of each speaker in the report, by id."""
    report = track(chain.open, AudioFile(scene.write(tmp_path / "scene.wav")), num_speakers).report
    return {line.id: line.totalTimeMs / 1000 for line in report.speakers}


def about(seconds):
    return pytest.approx(seconds, rel=TOLERANCE)


@pytest.mark.parametrize("people", [("251", "2428", "2803", "422", "777"), ("84", "2902", "652", "251", "422")])
def test_of_five_people_in_turns_the_first_two_are_tracked_and_the_others_nobodys(chain, tmp_path, people):
    scene = Scene()
    for _ in range(4):
        for reader in people:
            scene.say(reader, 6)
    spoken = totals(chain, scene, tmp_path)
    assert spoken == {0: about(scene.seconds[people[0]]), 1: about(scene.seconds[people[1]])}


def test_twenty_strangers_are_nobodys(chain, tmp_path):
    scene = Scene()
    strangers = sorted(SPEECH.glob("librispeech_*.opus"))[::12][:20]
    assert len(strangers) == 20
    for reader in ("251", "2902") * 2:
        scene.say(reader, 6)
    for number, file in enumerate(strangers):
        samples, rate = soundfile.read(file, dtype="float32")
        assert rate == RATE
        scene.add(samples[: 6 * RATE], file.stem)
        if number % 3 == 2:
            scene.say(("251", "2902")[number // 3 % 2], 6)
    spoken = totals(chain, scene, tmp_path)
    assert spoken == {0: pytest.approx(scene.seconds["251"], rel=TOLERANCE), 1: pytest.approx(scene.seconds["2902"], rel=TOLERANCE)}


@pytest.mark.parametrize("people", [("251", "2902", "84"), ("2428", "777", "2803"), ("422", "652", "2902")])
def test_a_host_who_says_a_word_and_comes_back_is_the_first_speaker(chain, tmp_path, people):
    host, first, second = people
    scene = Scene()
    scene.say(host, 1.5, pause=0.6)
    for _ in range(3):
        scene.say(first, 6)
        scene.say(second, 6)
    scene.say(host, 18)
    spoken = totals(chain, scene, tmp_path)
    assert spoken == {0: about(scene.seconds[host]), 1: about(scene.seconds[first])}


def test_a_whispered_first_turn_takes_no_id_from_a_person_who_stays(chain, tmp_path):
    scene = Scene()
    scene.say("2902", 2.5, change=whispered, pause=0.8)
    scene.seconds.clear()
    for _ in range(4):
        scene.say("2902", 6)
        scene.say("84", 6)
    spoken = totals(chain, scene, tmp_path)
    assert sorted(spoken.values()) == [about(scene.seconds["84"]), about(scene.seconds["2902"])]
