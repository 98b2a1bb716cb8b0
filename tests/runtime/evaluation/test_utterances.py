import numpy as np
import pytest
import soundfile

from speaker_tracker.evaluation.utterances import (
    Utterance,
    VerificationSetError,
    read_utterances,
    through_line,
    utterance_files,
    with_noise,
)

RATE = 16_000


@pytest.fixture
def write(tmp_path):
    def write_files(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, np.full(800, 0.25), 8000, subtype="PCM_16")
        return tmp_path

    return write_files


def tone(hertz, seconds=1.0, level=0.1):
    return level * np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE).astype(np.float32)


def power(samples):
    return float(np.mean(np.square(samples, dtype=float)))


def test_every_folder_is_a_speaker_and_files_are_resampled(write):
    folder = write("anna/1.wav", "anna/2.wav", "bert/1.wav", "bert/2.wav")
    (folder / "notes.txt").touch()
    (folder / "bert" / ".hidden").touch()

    utterances = read_utterances(utterance_files(folder))

    assert [utterance.speaker for utterance in utterances] == ["anna", "anna", "bert", "bert"]
    assert all(len(utterance.samples) == 1600 for utterance in utterances)
    assert utterances[0].samples[800] == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        ((), "has 0 folders of speakers"),
        (("anna/1.wav", "anna/2.wav"), "has 1 folders of speakers"),
        (("anna/1.wav", "anna/2.wav", "bert/1.wav"), "bert has 1 audio files"),
    ],
)
def test_an_invalid_set_of_speakers_is_reported_with_a_correct_layout(write, names, wrong):
    folder = write(*names)

    with pytest.raises(VerificationSetError, match=wrong) as raised:
        utterance_files(folder)
    assert "one folder for each speaker with two audio files or more" in str(raised.value)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(VerificationSetError, match="nowhere is no folder"):
        utterance_files(tmp_path / "nowhere")


@pytest.mark.parametrize("snr", [0.0, 10.0])
def test_noise_is_as_much_quieter_as_asked_for(snr):
    speech = [Utterance("anna", tone(300)), Utterance("bert", tone(500, level=0.01))]
    noise = np.random.default_rng(1).normal(0, 0.3, RATE // 2).astype(np.float32)

    for clean, noisy in zip(speech, with_noise(speech, noise, snr), strict=True):
        added = noisy.samples - clean.samples
        assert 10 * np.log10(power(clean.samples) / power(added)) == pytest.approx(snr, abs=0.1)


def test_a_stretch_of_silence_is_no_noise():
    noise = np.concatenate([np.zeros(20 * RATE, np.float32), tone(100)])

    (noisy,) = with_noise([Utterance("anna", tone(300))], noise, 10.0)

    assert power(noisy.samples) > power(tone(300)) * 1.05


def test_silent_noise_is_reported():
    with pytest.raises(VerificationSetError, match="the noise is silent"):
        with_noise([Utterance("anna", tone(300))], np.zeros(RATE, np.float32), 10.0)


def test_a_line_passes_nothing_above_half_of_its_rate():
    low, high = through_line([Utterance("anna", tone(1000)), Utterance("anna", tone(6000))], 8000)

    assert len(low.samples) == len(high.samples) == RATE
    assert power(low.samples) == pytest.approx(power(tone(1000)), rel=0.05)
    assert power(high.samples) < 1e-3 * power(tone(6000))
