"""One person alone is one speaker, however many are asked for, and whatever becomes of the channel.

The bounds are those of a change for the worse; docs/accuracy.md has what is measured today.
"""

import pytest

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.evaluation.utterances import read_samples
from speaker_tracker.results.tracking import track
from speaker_tracker.settings import load_settings
from support.scenes import Scene, chapters, far_away, readers
from support.shared_data import needs_shared_data

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900), needs_shared_data]

PART_SECONDS = 45


@pytest.fixture(scope="module")
def chain():
    chain = build_chain(load_settings())
    yield chain
    chain.close()


def in_two_recordings(reader):
    """Two chapters of a reader, from other days; one who has read a single one walks away in it."""
    scene = Scene()
    recordings = list(chapters(reader).values())
    for number in range(2):
        files = recordings[number % len(recordings)]
        begin = scene.seconds[reader]
        for file in files if len(recordings) > 1 else files[12 * number :]:
            if scene.seconds[reader] - begin < PART_SECONDS:
                samples = read_samples(file)
                scene.add(far_away(samples) if number and len(recordings) == 1 else samples, reader)
        scene.add(samples[:0], reader, pause=1.0)
    return scene


def shares(chain, path, num_speakers):
    """The part of the labelled time that goes to the first speaker: online and final, and how much is labelled in the end."""
    recorder = track(chain.open, AudioFile(path), num_speakers).recorder
    found = []
    for timeline in (recorder.online, recorder.final):
        times = [0] * 5
        for segment in timeline:
            times[segment.speaker] += segment.end_ms - segment.start_ms
        found.append((max(times) / 1000, sum(times) / 1000))
    return found


def test_one_person_in_two_recordings_is_one_speaker(chain, tmp_path):
    heard = {}
    for reader in readers():
        path = in_two_recordings(reader).write(tmp_path / f"{reader}.wav")
        alone = {count: shares(chain, path, count) for count in (1, 2, 5)}
        # With one asked for, whatever is not the first speaker's is nobody's: compare with all that is labelled with two.
        speech = alone[2][1][1]
        heard[reader] = {count: (online[0] / speech, final[0] / speech) for count, (online, final) in alone.items()}
    print({reader: {n: tuple(round(100 * x) for x in both) for n, both in of.items()} for reader, of in heard.items()})  # noqa: T201
    for num_speakers, at_least_online, at_least_final in ((1, 8, 8), (2, 6, 8), (5, 6, 8)):
        online = sum(of[num_speakers][0] >= 0.95 for of in heard.values())
        final = sum(of[num_speakers][1] >= 0.95 for of in heard.values())
        assert (online >= at_least_online, final >= at_least_final) == (True, True), (num_speakers, heard)
