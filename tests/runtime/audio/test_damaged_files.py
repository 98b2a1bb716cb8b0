"""Of damaged files, what is there is read, and what is wrong is told; of hopeless ones, that nothing can be read."""

import os

import numpy as np
import pytest
import soundfile

from speaker_tracker.audio.file import AudioFile, AudioFileError
from support.sound_files import SECONDS, assert_sounds_like, decoded, encode

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    return decoded(encode(tmp_path_factory.mktemp("speech") / "a.wav"))[1]


def note_of(path):
    file, samples = decoded(path)
    assert file.unread is None
    assert file.seconds == pytest.approx(len(samples) / 16_000, abs=0.01)
    (note,) = file.notes
    assert note.startswith(f"{path} is damaged: ")
    assert note.endswith(f"; {file.seconds:.1f} s of it were read")
    return note.removeprefix(f"{path} is damaged: ").split("; ")[0], samples


@pytest.mark.parametrize(
    ("name", "options", "what"),
    [
        ("a.mp3", ["-b:a", "64k"], "its header says 20.1 s"),
        ("a.mp3", ["-b:a", "64k", "-write_xing", "0"], "it ends in the middle of a frame"),
        ("a.wav", [], "its header says 20.0 s"),
        ("a.wav", ["-ac", "2", "-ar", "44100"], "its header says 20.0 s"),
        ("a.flac", [], "its header says 20.0 s"),
        ("a.opus", [], "it ends before its last page"),
        ("a.ogg", [], "it ends before its last page"),
        ("a.aiff", [], "it is shorter than its header says"),
        ("a.au", [], "it is shorter than its header says"),
        ("a.caf", [], "it is shorter than its header says"),
        ("a.w64", [], "it is shorter than its header says"),
    ],
)
def test_of_a_file_that_was_cut_off_all_that_is_there_is_read(tmp_path, speech, name, options, what):
    path = encode(tmp_path / name, *options)
    os.truncate(path, path.stat().st_size // 2 + 1)
    told, samples = note_of(path)
    assert told == what
    assert 7 <= len(samples) / 16_000 <= 13
    assert_sounds_like(samples, speech[: len(samples)], within=3200)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
@pytest.mark.parametrize("options", [[], ["-bitexact"], ["-c:a", "pcm_f32le", "-ac", "2"]])
def test_of_a_recorder_that_crashed_all_samples_are_read(tmp_path, speech, size, options):
    path = encode(tmp_path / "a.wav", *options)
    data = bytearray(path.read_bytes())
    at = data.index(b"data")
    data[4:8] = data[at + 4 : at + 8] = size.to_bytes(4, "little")
    path.write_bytes(data)
    told, samples = note_of(path)
    assert told.startswith("its header does not say how long it is")
    assert len(samples) == len(speech)
    assert_sounds_like(samples, speech, within=2)


def test_a_caf_file_without_a_length_is_read_to_its_end(tmp_path, speech):
    path = encode(tmp_path / "a.caf")
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 8] = bytes(8 * [255])
    path.write_bytes(data)
    told, samples = note_of(path)
    assert told.startswith("its header does not say how long it is")
    assert len(samples) == pytest.approx(len(speech), abs=2)


@pytest.mark.parametrize(("name", "least"), [("a.mp3", 17), ("a.flac", 17), ("a.opus", 17), ("a.ogg", 14)])
def test_what_comes_behind_damaged_bytes_is_read(tmp_path, speech, name, least):
    path = encode(tmp_path / name)
    data = bytearray(path.read_bytes())
    middle, count = len(data) // 3, len(data) // 40
    data[middle : middle + count] = RNG.bytes(count)
    path.write_bytes(data)
    _, samples = note_of(path)
    assert len(samples) >= least * 16_000
    end = speech[-4 * 16_000 :]
    assert_sounds_like(samples[-len(end) :], end, within=3200)


@pytest.mark.parametrize("name", ["a.mp3", "a.opus", "a.ogg"])
def test_garbage_behind_a_recording_is_told_of(tmp_path, name):
    path = encode(tmp_path / name)
    path.write_bytes(path.read_bytes() + RNG.bytes(50_000))
    told, samples = note_of(path)
    assert "50000 bytes" in told
    assert len(samples) == pytest.approx(SECONDS * 16_000, abs=3200)


def test_tags_of_all_kinds_are_no_damage(tmp_path):
    path = encode(tmp_path / "a.mp3", "-write_id3v1", "1", "-metadata", "title=Talk")
    tag = (
        b"APETAGEX"
        + (2000).to_bytes(4, "little")
        + (64).to_bytes(4, "little")
        + bytes(4)
        + (0xA0000000).to_bytes(4, "little")
        + bytes(8)
    )
    data = path.read_bytes()
    path.write_bytes(data[:-128] + tag + bytes(64) + data[-128:])
    assert decoded(path)[0].notes == []


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.opus", "a.ogg"])
def test_of_a_good_header_with_garbage_behind_it_one_sentence_is_said(tmp_path, name):
    path = encode(tmp_path / name)
    path.write_bytes(path.read_bytes()[:200] + RNG.bytes(50_000))
    with pytest.raises(AudioFileError, match=f"{name} cannot be read as audio: ") as raised:
        decoded(path)
    assert "\n" not in str(raised.value)


def test_a_kind_that_cannot_be_read_is_named(tmp_path):
    path = encode(tmp_path / "a.spx", "-ar", "16000")
    with pytest.raises(
        AudioFileError, match="is a Speex file, which libsndfile cannot read; make a WAV file of its sound first: ffmpeg"
    ):
        AudioFile(path)


def test_an_aac_file_with_a_tag_is_not_taken_for_mp3(tmp_path):
    path = encode(tmp_path / "a.aac")
    path.write_bytes(b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128) + path.read_bytes())
    with pytest.raises(AudioFileError, match="is an AAC file"):
        AudioFile(path)


def test_nothing_is_written_on_standard_error(tmp_path, capfd):
    path = encode(tmp_path / "a.mp3")
    data = bytearray(path.read_bytes())
    data[20_000:26_000] = RNG.bytes(6000)
    path.write_bytes(data[:-500])
    decoded(path)
    assert capfd.readouterr().err == ""


def test_a_part_that_cannot_be_decoded_is_told_of(tmp_path):
    soundfile.write(tmp_path / "a.ogg", RNG.normal(0, 0.1, 160_000), 16_000)
    good = (tmp_path / "a.ogg").read_bytes()
    broken = bytearray(encode(tmp_path / "b.opus").read_bytes())
    broken[28:36] = b"OpusFrog"
    (tmp_path / "c.ogg").write_bytes(good + bytes(broken))
    file, samples = decoded(tmp_path / "c.ogg")
    assert len(samples) == 160_000
    assert file.unread.startswith(f"{tmp_path / 'c.ogg'} could only be read in part, 10.0 s of it: ")
    with pytest.raises(AudioFileError, match="only be read in part"):
        file.check_whole()


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.opus", "a.wav", "a.aiff"])
def test_random_damage_gives_what_is_left_or_a_sentence(tmp_path, name):
    path = encode(tmp_path / name, seconds=4)
    whole = path.read_bytes()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        data = bytearray(whole)
        for at in rng.integers(0, len(data), rng.integers(1, 30)):
            data[at] = rng.integers(0, 256)
        path.write_bytes(data[: rng.integers(1, len(data))] if seed % 2 else data)
        try:
            file, samples = decoded(path)
        except AudioFileError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either is right
        else:
            assert file.seconds > 0
            assert len(samples) < 20 * 16_000
