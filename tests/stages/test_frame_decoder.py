import subprocess

import numpy as np
import pytest

from speaker_tracker.audio.pcm import quantize
from speaker_tracker.events import AudioBlock, AudioClock, AudioGap, AudioHint, PcmReceived
from speaker_tracker.protocol import BadInput, ErrorCode
from support.known_conversation import DATA
from support.needed_programs import needed
from support.stage_harness import frames, load, of_type, open_stage, run
from support.wrong_formats import HINTED, REFUSED

MORE = [(b"RF64\x00\x00", "WAV"), (b"ID3\x04\x00", "MP3")]  # the latter of an odd length
SAMPLES = np.linspace(-1, 1, 5000).astype(np.float32)


def decode(size: int):
    return run(open_stage(load("frame_decoder")), frames(SAMPLES, size))


def test_pcm_becomes_float_samples_in_range():
    decoded = of_type(
        AudioBlock, run(open_stage(load("frame_decoder")), [PcmReceived(np.array([-32768, 0, 32767], "<i2").tobytes())])
    )

    assert decoded[0].samples.dtype == np.float32
    assert decoded[0].samples.tolist() == [-1.0, 0.0, 32767 / 32768]


@pytest.mark.parametrize("size", [1, 7, 320, 512, 1600, 5000])
def test_blocks_do_not_depend_on_the_length_of_frames(size):
    reference, other = of_type(AudioBlock, decode(512)), of_type(AudioBlock, decode(size))

    assert [(block.start, len(block.samples)) for block in other] == [(block.start, len(block.samples)) for block in reference]
    assert np.array_equal(
        np.concatenate([block.samples for block in other]), np.concatenate([block.samples for block in reference])
    )


def test_blocks_are_contiguous_and_each_is_followed_by_the_clock():
    events = decode(700)
    blocks, clocks = events[::2], events[1::2]

    assert all(isinstance(block, AudioBlock) for block in blocks)
    assert clocks == [AudioClock(block.end) for block in blocks]
    assert [block.start for block in blocks[1:]] == [block.end for block in blocks[:-1]]
    assert blocks[-1].end == len(SAMPLES)


def test_an_empty_frame_does_nothing():
    assert run(open_stage(load("frame_decoder")), [PcmReceived(b"")]) == []


def test_an_odd_number_of_bytes_is_refused_by_what_is_right():
    with pytest.raises(BadInput, match=r"3 bytes.*16 kHz, signed 16-bit little-endian, mono") as caught:
        run(open_stage(load("frame_decoder")), [PcmReceived(b"abc")])
    assert caught.value.code == ErrorCode.ODD_LENGTH


@pytest.mark.parametrize(
    ("header", "what"),
    [
        (b"RIFF\x24\x00\x00\x00WAVE", "WAV"),
        (b"ID3\x04\x00\x00", "MP3"),
        (b"OggS\x00\x02", "Ogg"),
        (b"fLaC\x00\x00", "FLAC"),
        (b"RF64\x00\x00", "WAV"),
        (b"ID3\x04\x00", "MP3"),
    ],
)
def test_a_sound_file_with_a_header_is_named_and_refused(header, what):
    with pytest.raises(BadInput, match=f"{what}.*without a header") as caught:
        run(open_stage(load("frame_decoder")), [PcmReceived(header)])
    assert caught.value.code == ErrorCode.UNSUPPORTED_AUDIO


def bare_mp3(tmp_path):
    """MP3 without a tag before it or a frame about it, as encoders of live streams make it."""
    speech = ["-t", "2", "-i", str(DATA / "dialogue.flac"), "-write_xing", "0", "-id3v2_version", "0"]
    subprocess.run([needed("ffmpeg"), "-v", "error", *speech, str(tmp_path / "a.mp3")], check=True)
    return (tmp_path / "a.mp3").read_bytes()


@pytest.mark.parametrize("size", [2, 100, 3200])
def test_a_file_that_only_its_frames_give_away_is_named_and_refused(tmp_path, size):
    data = bare_mp3(tmp_path)
    with pytest.raises(BadInput, match="this is an MP3 file; send raw PCM"):
        run(open_stage(load("frame_decoder")), [PcmReceived(data[at : at + size]) for at in range(0, 8000, size)])


def test_what_looks_like_a_file_behind_the_beginning_is_audio(tmp_path):
    data = bytes(5000) + bare_mp3(tmp_path)[:8000]
    assert of_type(AudioClock, run(open_stage(load("frame_decoder")), [PcmReceived(data)]))[-1].position == len(data) // 2


def test_a_header_that_comes_in_pieces_is_found_as_well():
    with pytest.raises(BadInput, match="WAV"):
        run(open_stage(load("frame_decoder")), [PcmReceived(b"RI"), PcmReceived(b""), PcmReceived(b"FF\x24\x00")])


def test_samples_that_look_like_a_header_later_on_are_audio():
    events = run(open_stage(load("frame_decoder")), [PcmReceived(bytes(4)), PcmReceived(b"RIFF")])

    assert of_type(AudioClock, events)[-1].position == 4


def test_a_restored_decoder_goes_on_behind_the_last_whole_block():
    loaded = load("frame_decoder", block_samples=512)
    first = open_stage(loaded)
    run(first, frames(SAMPLES[:1100], 1100), flush=False)
    second = open_stage(loaded)
    second.restore(first.snapshot())

    assert of_type(AudioBlock, run(second, frames(SAMPLES[:600], 600)))[0].start == 1024


def test_a_gap_comes_behind_the_audio_before_it_and_moves_the_clock_on():
    stage = open_stage(load("frame_decoder", block_samples=512))
    pcm = frames(SAMPLES[:1000], 1000)
    answers = run(stage, [*pcm, AudioGap(1000, 33_000), *pcm])

    told = [(event.start, event.end) if isinstance(event, AudioBlock | AudioGap) else event.position for event in answers]
    assert told == [(0, 512), 512, (512, 1000), 1000, (1000, 33_000), 33_000, (33_000, 33_512), 33_512, (33_512, 34_000), 34_000]


@pytest.mark.parametrize("size", [320, 32_000, 100_002])
@pytest.mark.parametrize("name", ["float32", "big-endian", "mu-law", "stereo, two voices", "base64"])
def test_samples_in_another_format_are_named_and_refused(conversation, name, size):
    what, convert = REFUSED[name]
    data = convert(pcm_of(conversation))

    with pytest.raises(BadInput, match=f"looks like .*{what}.*16 kHz, signed 16-bit little-endian, mono") as caught:
        run(open_stage(load("frame_decoder")), [PcmReceived(data[at : at + size]) for at in range(0, len(data) // 2 * 2, size)])
    assert caught.value.code == ErrorCode.UNSUPPORTED_AUDIO


@pytest.mark.parametrize("name", HINTED)
def test_a_suspicion_is_a_hint_among_the_blocks(conversation, name):
    code, convert = HINTED[name]
    data = convert(pcm_of(conversation)[:160_000])
    try:
        events = run(open_stage(load("frame_decoder")), [PcmReceived(data)])
    except BadInput as error:
        assert error.code == ErrorCode.UNSUPPORTED_AUDIO  # noqa: PT017 - some are sure
        return
    (hint,) = of_type(AudioHint, events)

    assert hint.code == code
    assert "16 kHz, signed 16-bit little-endian, mono" in hint.message


def test_hints_do_not_depend_on_the_length_of_frames(conversation):
    data = HINTED["48 kHz"][1](pcm_of(conversation)[:160_000])

    def places(size):
        events = run(open_stage(load("frame_decoder")), [PcmReceived(data[at : at + size]) for at in range(0, len(data), size)])
        return [index for index, event in enumerate(events) if isinstance(event, AudioHint)]

    assert places(640) == places(32_000) == places(len(data)) != []


def test_a_restored_decoder_goes_on_with_what_it_suspects(conversation):
    data = REFUSED["24 bits"][1](pcm_of(conversation))
    loaded = load("frame_decoder")
    first, second = open_stage(loaded), open_stage(loaded)
    run(first, [PcmReceived(data[:31_000])], flush=False)
    second.restore(first.snapshot())

    with pytest.raises(BadInput, match="24-bit"):
        run(second, [PcmReceived(data[31_000 // 1024 * 1024 :][:64_000])])


def pcm_of(conversation):
    return np.frombuffer(quantize(conversation.samples * 32_768), "<i2")
