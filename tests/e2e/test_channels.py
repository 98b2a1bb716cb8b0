"""A call with a person on each channel, who is heard on the other one as well: 20 dB quieter and 5 ms later."""

import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from support.known_conversation import DATA, SAMPLE_RATE, read_conversation

pytestmark = pytest.mark.e2e


def over(voice):
    return 0.1 * np.roll(voice, SAMPLE_RATE // 200)


def voices(shift):
    """Each person's part of the dialogue; ``shift``: seconds by which the second speaks earlier, so that both talk at once."""
    dialogue = read_conversation(DATA / "dialogue.flac", DATA / "dialogue.rttm")
    first, second = (dialogue.samples * spoken for spoken in dialogue.speakers)
    second = np.roll(second, -round(shift * SAMPLE_RATE))
    return [first, second], [dialogue.speakers[0].sum() / SAMPLE_RATE, dialogue.speakers[1].sum() / SAMPLE_RATE]


@pytest.mark.parametrize("num_speakers", [1, 2])
@pytest.mark.parametrize("shift", [0, 2])
def test_each_channel_is_its_own_voice_and_nobody_is_counted_twice(tmp_path, num_speakers, shift):
    (first, second), spoken = voices(shift)
    sound = np.stack([first + over(second), second + over(first)], axis=1)
    sound += np.random.default_rng(0).normal(0, 3e-4, sound.shape)
    soundfile.write(tmp_path / "call.wav", sound, SAMPLE_RATE)
    arguments = [str(tmp_path / "call.wav"), "--channels", "separate", "--num-speakers", str(num_speakers), "--json"]

    result = CliRunner().invoke(main, ["diarize", *arguments])

    assert result.exit_code == 0, result.output
    speakers = json.loads(result.stdout)["speakers"]
    assert [(speaker["id"], speaker["channel"]) for speaker in speakers] == [(0, 1), (1, 2)]
    for speaker, seconds in zip(speakers, spoken, strict=True):
        assert speaker["totalTimeMs"] / 1000 == pytest.approx(seconds, rel=0.12)
