import subprocess

import numpy as np
import pytest

from speaker_tracker.audio.media_kinds import SIGNATURE_BYTES, header_kind, media_kind
from support.needed_programs import needed

FORMATS = {
    "mp4": "an MP4 or QuickTime file",
    "mov": "an MP4 or QuickTime file",
    "m4a": "an MP4 or QuickTime file",
    "mkv": "a Matroska or WebM file",
    "webm": "a Matroska or WebM file",
    "avi": "an AVI video",
    "ts": "an MPEG transport stream",
    "wma": "a Windows Media file",
    "aac": "an AAC file",
    "ac3": "an AC-3 file",
    "wav": "a WAV file",
    "flac": "a FLAC file",
    "ogg": "an Ogg file",
    "aiff": "an AIFF file",
    "caf": "a CAF file",
    "au": "an AU file",
    "w64": "a Wave64 file",
    "mp3": "an MP3 file",
}
TOLD_BY_A_BYTE_OR_TWO = ("aac", "ac3", "ts")


@pytest.fixture(scope="module")
def begin(tmp_path_factory):
    """How a file of a format begins, as ffmpeg makes it."""
    folder = tmp_path_factory.mktemp("media")

    def make(ending):
        path = folder / f"a.{ending}"
        tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=0.5"]
        subprocess.run([needed("ffmpeg"), "-v", "error", "-y", *tone, str(path)], check=True)
        return path.read_bytes()[:SIGNATURE_BYTES]

    return make


@pytest.mark.parametrize(("ending", "kind"), FORMATS.items())
def test_files_are_recognized_by_their_first_bytes(begin, ending, kind):
    head = begin(ending)
    assert media_kind(head) == kind
    assert header_kind(head) == (None if ending in TOLD_BY_A_BYTE_OR_TWO else kind)


@pytest.mark.parametrize("head", [b"", b"RIF", b"no audio", bytes(SIGNATURE_BYTES)])
def test_anything_else_is_not_known(head):
    assert media_kind(head) is None


def test_recordings_without_a_header_are_taken_for_no_file():
    noise = np.random.default_rng(0).integers(-3000, 3000, (20_000, 100), np.int16)
    assert not [row for row in noise if header_kind(row.tobytes()) is not None]
