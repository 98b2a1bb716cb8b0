import os
import subprocess

import numpy as np
import pytest
import soundfile

from speaker_tracker.audio.file import AudioFile, AudioFileError, audio_endings
from support.needed_programs import needed


def samples(path, frame_ms=100):
    return np.frombuffer(b"".join(AudioFile(path).frames(frame_ms)), "<i2")


def tone(seconds, rate, frequency=440.0, level=0.5):
    return level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


def test_16_khz_mono_goes_through_bit_by_bit(tmp_path):
    original = np.random.default_rng(0).integers(-32768, 32767, 20_011, np.int16, endpoint=True)
    soundfile.write(tmp_path / "a.flac", original, 16_000, subtype="PCM_16")
    assert (samples(tmp_path / "a.flac") == original).all()


def test_frames_are_of_the_asked_length_and_the_last_holds_the_rest(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(10.05, 16_000), 16_000)
    lengths = [len(frame) for frame in AudioFile(tmp_path / "a.wav").frames(100)]
    assert lengths == [3200] * 100 + [1600]


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_other_sample_rates_are_resampled(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", tone(9, rate), rate)
    heard = samples(tmp_path / "a.wav") / 32768
    assert abs(len(heard) - 9 * 16_000) <= 1
    inner = slice(1000, -1000)
    assert np.abs(heard[: 9 * 16_000 - 1][inner] - tone(9, 16_000)[: len(heard)][: 9 * 16_000 - 1][inner]).max() < 0.01


def test_channels_are_averaged(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([np.full(1600, 0.5), np.full(1600, -0.25)], axis=1), 16_000)
    assert set(samples(tmp_path / "a.wav")) == {4096}


@pytest.mark.parametrize(("name", "subtype"), [("a.ogg", "VORBIS"), ("a.mp3", "MPEG_LAYER_III"), ("a.aiff", "PCM_24")])
def test_other_formats_are_read(tmp_path, name, subtype):
    soundfile.write(tmp_path / name, tone(2, 16_000), 16_000, subtype=subtype)
    assert AudioFile(tmp_path / name).seconds == pytest.approx(2, abs=0.1)
    assert len(samples(tmp_path / name)) == pytest.approx(32_000, abs=1600)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM"])
def test_samples_of_any_kind_are_read(tmp_path, subtype):
    soundfile.write(tmp_path / "a.wav", tone(1, 16_000), 16_000, subtype=subtype)
    heard = samples(tmp_path / "a.wav")[:16_000] / 32768
    assert np.sqrt(np.mean((heard - tone(1, 16_000)) ** 2)) < 0.03


def test_stereo_of_24_bits_at_96_khz_is_converted(tmp_path):
    left, right = tone(3, 96_000), tone(3, 96_000, frequency=1000)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), 96_000, subtype="PCM_24")
    heard = samples(tmp_path / "a.wav")[:48_000] / 32768
    wanted = (tone(3, 16_000) + tone(3, 16_000, frequency=1000)) / 2
    assert np.abs(heard - wanted)[1000:-1000].max() < 0.01


@pytest.mark.parametrize(("name", "options"), [("a.mp3", ["-b:a", "64k"]), ("a.opus", []), ("a.flac", ["-sample_fmt", "s32"])])
def test_files_that_another_program_made_are_read(tmp_path, name, options):
    soundfile.write(tmp_path / "a.wav", tone(2, 44_100), 44_100)
    made = [needed("ffmpeg"), "-v", "error", "-i", str(tmp_path / "a.wav"), "-ac", "2", *options, str(tmp_path / name)]
    subprocess.run(made, check=True)
    assert AudioFile(tmp_path / name).seconds == pytest.approx(2, abs=0.1)
    heard = samples(tmp_path / name)[8000:24_000] / 32768
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(0.25, rel=0.05)  # ffmpeg gives half of the power to each channel


@pytest.mark.filterwarnings("error")
def test_samples_beyond_full_scale_are_clipped_and_what_is_no_number_is_silence(tmp_path):
    odd = np.array([3.0, -3.0, np.nan, 1.0, np.inf, -np.inf, 3e38, -3e38], np.float32)
    soundfile.write(tmp_path / "a.wav", odd, 16_000, subtype="FLOAT")
    assert samples(tmp_path / "a.wav").tolist() == [32767, -32768, 0, 32767, 32767, -32768, 32767, -32768]

    soundfile.write(tmp_path / "stereo.wav", np.stack([odd, -odd], axis=1), 16_000, subtype="FLOAT")
    assert samples(tmp_path / "stereo.wav").tolist() == [0] * 8


@pytest.mark.filterwarnings("error")
def test_a_file_of_nothing_but_odd_numbers_is_resampled_to_silence_and_full_scale(tmp_path):
    odd = np.tile(np.array([np.nan, np.inf, -np.inf, 3e38, 1e-45], np.float32), 4000)
    soundfile.write(tmp_path / "a.wav", odd, 44_100, subtype="FLOAT")
    assert len(samples(tmp_path / "a.wav")) == pytest.approx(20_000 * 16 / 44.1, abs=1)


def test_memory_does_not_grow_with_the_file(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(16_000 * 60, np.int16), 16_000)
    frames = AudioFile(tmp_path / "a.wav").frames()
    next(frames)
    held = frames.gi_frame.f_locals["held"]
    assert len(held) <= 5 * 32_000
    frames.close()


def test_its_duration_is_known_before_it_is_read(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1.5, 44_100), 44_100)
    assert AudioFile(tmp_path / "a.wav").seconds == 1.5


def write_header_alone(path):
    soundfile.write(path, np.zeros(0, np.int16), 16_000)


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("missing.wav", lambda _: None, "there is no file {}"),
        ("folder", lambda path: path.mkdir(), "{} is a folder; name an audio file in it"),
        ("empty.wav", lambda path: path.write_bytes(b""), "{} is empty"),
        (
            "text.wav",
            lambda path: path.write_text("no audio"),
            "{} cannot be read as audio: Format not recognised; WAV, FLAC, Ogg and MP3 files can be",
        ),
        ("header.wav", write_header_alone, "{} holds no audio: it has a header but no samples"),
    ],
)
def test_invalid_audio_is_reported_in_one_sentence(tmp_path, name, make, sentence):
    path = tmp_path / name
    make(path)
    with pytest.raises(AudioFileError) as raised:
        AudioFile(path)
    assert str(raised.value) == sentence.format(path)


@pytest.mark.parametrize("name", ["my talk.mp4", "talk.wav"])
def test_a_video_is_reported_with_the_command_that_extracts_its_sound(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    pictures = ["-f", "lavfi", "-i", "color=size=32x32:rate=5:duration=1"]
    sound = ["-f", "lavfi", "-i", "sine=duration=1"]
    subprocess.run([needed("ffmpeg"), "-v", "error", *pictures, *sound, "-f", "mp4", name], check=True)
    with pytest.raises(AudioFileError) as raised:
        AudioFile(tmp_path / name)
    sentence, command = str(raised.value).split(" first: ")
    assert sentence == f"{tmp_path / name} is an MP4 or QuickTime file, which libsndfile cannot read; make a WAV file of its sound"

    before = {path.name for path in tmp_path.iterdir()}
    subprocess.run(command, shell=True, check=True, capture_output=True)
    (made,) = {path.name for path in tmp_path.iterdir()} - before
    assert AudioFile(tmp_path / made).seconds == pytest.approx(1, abs=0.1)


def test_a_pipe_is_no_audio_file_and_nothing_is_taken_out_of_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AudioFileError, match="is no regular file"):
        AudioFile(tmp_path / "pipe")


def test_endings_are_those_of_recordings():
    endings = audio_endings()
    assert endings >= {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf", ".w64"}
    assert endings.isdisjoint({".raw", ".mat4", ".txt", ".rttm", ".json", ".png"})


def test_a_damaged_file_gives_what_it_holds_or_a_sentence(tmp_path):
    soundfile.write(tmp_path / "a.flac", np.random.default_rng(0).normal(0, 0.1, 160_000), 16_000)
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) // 2])
    try:
        heard = len(samples(tmp_path / "a.flac"))
    except AudioFileError as error:
        assert "cannot be read as audio" in str(error)  # noqa: PT017 - either is right
    else:
        assert 0 < heard <= 160_000
