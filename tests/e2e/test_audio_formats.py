"""The format of audio on recordings of every kind: what is right is never suspected, what is wrong is noticed."""

import numpy as np
import pytest
import soundfile

from speaker_tracker_stages.pcm_format.watch import FormatWatch
from speaker_tracker_stages.pcm_format.wording import hint_code, sentence
from support.shared_data import conversations, needs_shared_data, recordings
from support.sounds import variants
from support.wrong_formats import HINTED, REFUSED

pytestmark = [pytest.mark.e2e, needs_shared_data]

RATE = 16_000
BEGINNING = 10 * RATE
PLACES = 3
MOST_PLACES = 40
HARDER = frozenset({"signed 8 bits", "stereo, a room"})
SPOKEN = [entry for group in ("clean", "noisy", "overlap", "quick", "intruder", "ami") for entry in conversations(group)]


def look(data):
    watch = FormatWatch()
    return watch.feed(data) or watch.conclude()


def places(path):
    """The beginning of a recording and others spread over it; more of a long one."""
    with soundfile.SoundFile(path) as file:
        count = min(MOST_PLACES, max(PLACES, file.frames // (60 * RATE)))
        for start in np.linspace(0, max(0, file.frames - BEGINNING), count).astype(int):
            file.seek(start)
            yield file.read(BEGINNING, dtype="int16")


@pytest.mark.timeout(1800)
def test_no_recording_is_taken_for_another_format():
    wrong = {path.name: found for path in recordings() for sound in places(path) if (found := look(sound.tobytes()))}

    assert wrong == {}


@pytest.fixture(scope="module")
def spoken():
    """The first 20 s of each conversation."""
    folder = recordings()[0].parent
    return {entry["uri"]: soundfile.read(folder / entry["audio"], 20 * RATE, dtype="int16")[0] for entry in SPOKEN}


@pytest.mark.timeout(600)
def test_speech_over_lines_and_at_levels_of_all_kinds_is_right(spoken):
    wrong = {
        (uri, name): found
        for uri, samples in spoken.items()
        for name, sound in variants(samples[:BEGINNING]).items()
        if (found := look(sound.tobytes()))
    }

    assert wrong == {}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_formats_of_nearly_all_conversations_are_refused_by_name(spoken, name):
    what, convert = REFUSED[name]
    findings = [look(convert(samples)) for samples in spoken.values()]
    named = [found for found in findings if found and found.is_sure and what in sentence(found)]

    assert len(findings) >= 20
    assert len(named) >= (0.85 if name in HARDER else 1) * len(findings)


@pytest.mark.parametrize("name", HINTED)
def test_suspicious_formats_of_most_conversations_are_noticed(spoken, name):
    code, convert = HINTED[name]
    findings = [look(convert(samples)) for samples in spoken.values()]

    assert sum(found is not None and hint_code(found.verdict) == code for found in findings) >= 0.65 * len(findings)
