import subprocess

import numpy as np
import pytest
import soundfile

from speaker_tracker.audio.media_kinds import SIGNATURE_BYTES, header_kind, media_kind
from support.known_conversation import DATA
from support.needed_programs import needed
from support.shared_data import CONVERSATIONS, needs_shared_data

BARE = ["-write_xing", "0", "-id3v2_version", "0"]
SAFARI = ["-c:a", "aac", "-movflags", "empty_moov+default_base_moof+frag_keyframe"]
FORMATS = [
    ("mp4", SAFARI, "an MP4 or QuickTime file"),
    ("mov", [], "an MP4 or QuickTime file"),
    ("m4a", [], "an MP4 or QuickTime file"),
    ("mkv", [], "a Matroska or WebM file"),
    ("webm", [], "a Matroska or WebM file"),
    ("avi", [], "an AVI video"),
    ("flv", ["-ar", "44100"], "a Flash video"),
    ("ts", [], "an MPEG transport stream"),
    ("m2ts", [], "an MPEG transport stream"),
    ("mpg", ["-ar", "48000"], "an MPEG video"),
    ("wma", [], "a Windows Media file"),
    ("aac", [], "an AAC file"),
    ("aac", ["-ar", "8000", "-b:a", "16k"], "an AAC file"),
    ("wv", [], "a WavPack file"),
    ("wav", [], "a WAV file"),
    ("flac", [], "a FLAC file"),
    ("ogg", [], "an Ogg file"),
    ("opus", [], "an Ogg file"),
    ("spx", ["-ar", "16000"], "a Speex file"),
    ("aiff", [], "an AIFF file"),
    ("caf", [], "a CAF file"),
    ("au", [], "an AU file"),
    ("w64", [], "a Wave64 file"),
    ("mp3", [], "an MP3 file"),
    ("mp3", BARE, "an MP3 file"),
    ("mp3", [*BARE, "-b:a", "320k", "-ar", "32000"], "an MP3 file"),
    ("mp3", [*BARE, "-b:a", "8k", "-ar", "8000"], "an MP3 file"),
    ("mp2", [], "an MP3 file"),
]


@pytest.fixture(scope="module")
def begin(tmp_path_factory):
    """How a file of a format begins, as ffmpeg makes it of speech."""
    folder = tmp_path_factory.mktemp("media")

    def make(ending, options):
        path = folder / f"a.{ending}"
        speech = ["-t", "3", "-i", str(DATA / "dialogue.flac")]
        subprocess.run([needed("ffmpeg"), "-v", "error", "-y", *speech, *options, str(path)], check=True)
        return path.read_bytes()[:SIGNATURE_BYTES]

    return make


@pytest.mark.parametrize(("ending", "options", "kind"), FORMATS)
def test_files_are_told_by_their_begin_also_where_pcm_is_expected(begin, ending, options, kind):
    head = begin(ending, options)
    assert media_kind(head) == header_kind(head) == kind


def test_what_begins_as_a_recording_may_is_told_of_files_alone(begin):
    head = begin("ac3", [])
    assert media_kind(head) == "an AC-3 file"
    assert header_kind(head) is None


def test_of_a_riff_header_that_is_cut_off_both_kinds_are_told():
    assert header_kind(b"RIFF\x24\x00") == "a WAV or AVI file"


@pytest.mark.parametrize("head", [b"", b"RIF", b"no audio", bytes(SIGNATURE_BYTES)])
def test_anything_else_is_not_known(head):
    assert media_kind(head) is None


def false_alarms(pcm, step):
    heads = (pcm[offset : offset + SIGNATURE_BYTES] for offset in range(0, max(len(pcm) - SIGNATURE_BYTES, 1), step))
    return [kind for head in heads if (kind := header_kind(head)) is not None]


@pytest.mark.parametrize("level", [0.6, 3, 100, 3000, 30_000])
def test_noise_is_taken_for_no_file(level):
    noise = np.clip(np.random.default_rng(0).normal(0, level, 1_000_000), -32768, 32767).astype("<i2")
    assert not false_alarms(noise.tobytes(), 100)


def test_silence_of_any_offset_is_taken_for_no_file():
    assert not [value for value in range(-32768, 32768) if header_kind(np.full(SIGNATURE_BYTES // 2, value, "<i2").tobytes())]


@pytest.mark.parametrize("period", [16, 32, 36, 47, 48, 52, 72, 94, 96, 144])
def test_tones_whose_period_fits_frames_and_packets_are_taken_for_no_file(period):
    phases = np.arange(500)[:, None] / 500
    for level in (5.0, 500.0, 20_000.0):
        tones = np.rint(level * np.sin(2 * np.pi * (np.arange(SIGNATURE_BYTES // 2) % period / period + phases))).astype("<i2")
        assert not [tone for tone in tones if header_kind(tone.tobytes()) is not None]


@needs_shared_data
def test_no_recording_is_taken_for_a_file_wherever_it_begins():
    recordings = sorted(path for path in CONVERSATIONS.parent.rglob("*") if path.suffix in (".flac", ".opus"))[::20]
    assert recordings
    for path in recordings:
        samples, _ = soundfile.read(path, dtype="int16", frames=30 * 16_000)
        assert not false_alarms(samples.tobytes(), 320), path
