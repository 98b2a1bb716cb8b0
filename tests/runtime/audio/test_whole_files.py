"""Files are read until there is nothing more, whatever their headers say."""

import numpy as np
import pytest
import soundfile

from speaker_tracker.audio.file import AudioFile
from support.sound_files import SECONDS, assert_sounds_like, decoded, encode

BARE = ["-write_xing", "0", "-id3v2_version", "0"]


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    return decoded(encode(tmp_path_factory.mktemp("speech") / "a.wav"))[1]


@pytest.mark.parametrize(
    "options",
    [
        ["-q:a", "5", *BARE],
        ["-q:a", "5"],
        ["-b:a", "64k", *BARE],
        ["-b:a", "48k", "-ac", "2", "-ar", "44100"],
        ["-q:a", "9", "-ar", "8000", *BARE],
    ],
)
def test_an_mp3_is_read_to_its_end_whatever_it_says_of_its_length(tmp_path, speech, options):
    file, samples = decoded(encode(tmp_path / "a.mp3", *options))
    assert file.seconds == pytest.approx(SECONDS, abs=0.2)
    assert len(samples) == pytest.approx(SECONDS * 16_000, abs=3200)
    assert_sounds_like(samples, speech, within=3200)
    assert (file.notes, file.unread) == ([], None)


def test_the_silence_that_an_mp3_encoder_adds_is_left_out(tmp_path, speech):
    _, samples = decoded(encode(tmp_path / "a.mp3", "-b:a", "64k"))
    assert len(samples) == len(speech)
    assert_sounds_like(samples, speech, within=2)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp3", ["-q:a", "5"]),
        ("a.mp3", ["-b:a", "64k", *BARE]),
        ("a.mp3", ["-id3v2_version", "3", "-write_id3v1", "1", "-metadata", "title=Talk"]),
        ("a.opus", []),
        ("a.ogg", []),
        ("a.flac", []),
        ("a.oga", ["-c:a", "flac"]),
        ("a.wav", []),
        ("a.aiff", []),
        ("a.au", []),
        ("a.caf", []),
        ("a.w64", []),
        ("a.wav", ["-c:a", "pcm_u8", "-ar", "11025"]),
    ],
)
def test_recordings_behind_one_another_are_all_read(tmp_path, speech, name, options):
    path = encode(tmp_path / name, *options)
    path.write_bytes(3 * path.read_bytes())
    file, samples = decoded(path)
    assert file.seconds == pytest.approx(3 * SECONDS, abs=0.3)
    assert len(samples) == pytest.approx(3 * len(speech), abs=4800)
    assert_sounds_like(samples[-len(speech) :], speech, within=3200)
    assert (file.notes, file.unread) == ([], None)


@pytest.mark.parametrize("ending", ["mp3", "opus", "flac", "wav"])
def test_recordings_of_different_rates_and_channels_are_all_read(tmp_path, speech, ending):
    first = encode(tmp_path / f"a.{ending}", "-ar", "48000", "-ac", "2").read_bytes()
    second = encode(tmp_path / f"b.{ending}", "-ar", "16000").read_bytes()
    for name, data in (("ab", first + second), ("ba", second + first)):
        (tmp_path / f"{name}.{ending}").write_bytes(data)
        file, samples = decoded(tmp_path / f"{name}.{ending}")
        assert file.seconds == pytest.approx(2 * SECONDS, abs=0.3)
        assert_sounds_like(samples, np.concatenate([speech, speech]), within=3200)


def test_an_mp3_without_a_frame_of_its_length_behind_one_with_it_is_read(tmp_path):
    first, second = encode(tmp_path / "a.mp3"), encode(tmp_path / "b.mp3", *BARE)
    (tmp_path / "c.mp3").write_bytes(first.read_bytes() + second.read_bytes())
    assert decoded(tmp_path / "c.mp3")[0].seconds == pytest.approx(2 * SECONDS, abs=0.3)


def test_flac_comes_out_bit_by_bit(tmp_path):
    for subtype, rate, channels in (("PCM_16", 16_000, 1), ("PCM_24", 16_000, 1), ("PCM_S8", 16_000, 1)):
        soundfile.write(tmp_path / "a.flac", np.random.default_rng(0).normal(0, 0.2, (50_001, channels)), rate, subtype=subtype)
        wanted = soundfile.read(tmp_path / "a.flac", dtype="float32")[0]
        _, samples = decoded(tmp_path / "a.flac")
        assert (samples == np.clip(np.rint(wanted * 32768), -32768, 32767)).all()


def test_a_flac_that_does_not_say_how_long_it_is_is_read(tmp_path):
    data = bytearray(encode(tmp_path / "a.flac").read_bytes())
    data[21:26] = bytes([data[21] & 0xF0, 0, 0, 0, 0])
    (tmp_path / "a.flac").write_bytes(data)
    file, _ = decoded(tmp_path / "a.flac")
    assert (file.seconds, file.notes) == (SECONDS, [])


def test_channels_come_one_by_one_where_they_are_asked_for(tmp_path):
    sound = np.stack([np.full(16_000, 0.5), np.full(16_000, -0.25)], axis=1)
    soundfile.write(tmp_path / "a.wav", sound, 16_000)
    file = AudioFile(tmp_path / "a.wav")
    assert file.channels == 2
    assert (np.concatenate(list(file.channel_blocks())) == sound).all()


def test_channels_are_resampled_together(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([np.full(44_100, 0.5), np.full(44_100, -0.25)], axis=1), 44_100)
    blocks = np.concatenate(list(AudioFile(tmp_path / "a.wav").channel_blocks()))
    assert blocks.shape == (16_000, 2)
    assert blocks[2000:-2000].mean(axis=0) == pytest.approx([0.5, -0.25], abs=1e-3)
