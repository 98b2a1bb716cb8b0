"""One person alone is one speaker, however many are asked for.

The bounds are those of a change for the worse, not of what is measured today; see docs/accuracy.md for that.
"""

import numpy as np
import pytest
import soundfile

from speaker_tracker.audio.file import AudioFile
from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.evaluation.utterances import read_utterances, utterance_files
from speaker_tracker.results.tracking import track
from speaker_tracker.settings import load_settings
from support.shared_data import VERIFICATION, needs_shared_data

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

SECONDS, RATE = 90, 16_000


def alone(speaker):
    """One person's utterances, half a second apart."""
    pause = np.zeros(RATE // 2, np.float32)
    files = [file for file in utterance_files(VERIFICATION) if file[0] == speaker]
    return np.concatenate([part for one in read_utterances(files) for part in (one.samples, pause)])[: SECONDS * RATE]


@needs_shared_data
def test_one_person_alone_is_one_speaker_where_five_are_asked_for(tmp_path):
    chain = build_chain(load_settings())
    shares = {}
    for speaker in sorted({speaker for speaker, _ in utterance_files(VERIFICATION)}):
        path = tmp_path / f"{speaker}.wav"
        soundfile.write(path, alone(speaker), RATE)
        times = [line.totalTimeMs for line in track(chain.open, AudioFile(path), 5).report.speakers]
        shares[speaker] = [round(time / sum(times), 2) for time in sorted(times, reverse=True)]
    chain.close()
    print(shares)  # noqa: T201 - with -s: what docs/accuracy.md has

    assert sum(len(of_one) == 1 for of_one in shares.values()) >= len(shares) / 2, shares
    assert np.mean([of_one[0] for of_one in shares.values()]) >= 0.9, shares
