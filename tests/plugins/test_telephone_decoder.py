import numpy as np
import pytest

from speaker_tracker.engine.chain import STAGES, Chain
from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.errors import BadInput
from speaker_tracker.events import AudioBlock, AudioClock, AudioGap, AudioHint, PcmReceived
from speaker_tracker.protocol import ErrorCode
from speaker_tracker.testing import check_stage
from support.stage_harness import load, of_type, open_stage, run
from support.telephone import line_audio

DIALOGUE = {encoding: line_audio("dialogue", encoding) for encoding in ("mulaw", "alaw")}


def pieces(data, size=160):
    return [PcmReceived(data[at : at + size]) for at in range(0, len(data), size)]


def decode(data, size=160, **options):
    return run(open_stage(load("telephone_decoder", **options)), pieces(data, size))


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_it_keeps_the_contract(encoding):
    data = DIALOGUE[encoding]
    # A gap as long as those of sessions, which is told at their position; this stage has twice as many samples for each byte.
    events = [*pieces(data[:40_000], 3200), AudioGap(80_000, 112_000), *pieces(data[40_000:80_000], 3200)]
    check_stage(PluginManager().stages["telephone_decoder"].spec, options={"encoding": encoding}, events=events, minutes=1)


@pytest.mark.parametrize("size", [1, 160, 700, 20_000])
def test_blocks_do_not_depend_on_the_length_of_frames(size):
    data = DIALOGUE["mulaw"][:16_050]
    reference, other = of_type(AudioBlock, decode(data)), of_type(AudioBlock, decode(data, size))
    assert [(block.start, block.end) for block in other] == [(block.start, block.end) for block in reference]
    assert other[-1].end == 2 * len(data)
    for one, another in zip(reference, other, strict=True):
        assert np.allclose(one.samples, another.samples, atol=1e-6)


def test_each_block_is_followed_by_the_clock():
    events = decode(DIALOGUE["alaw"][:4000], encoding="alaw")
    assert [event.position for event in events[1::2]] == [block.end for block in events[::2]]
    assert {type(event) for event in events[1::2]} == {AudioClock}


def test_a_gap_comes_behind_the_audio_before_it():
    stage = open_stage(load("telephone_decoder"))
    heard = pieces(DIALOGUE["mulaw"][:1000])
    answers = run(stage, [*heard, AudioGap(0, 16_000), *heard])
    told = [(event.start, event.end) for event in answers if isinstance(event, AudioBlock | AudioGap)]
    assert told == [(0, 1600), (1600, 2000), (2000, 18_000), (18_000, 19_600), (19_600, 20_000)]


def test_a_restored_decoder_goes_on_behind_the_last_whole_block():
    loaded = load("telephone_decoder")
    first, second = open_stage(loaded), open_stage(loaded)
    data = DIALOGUE["mulaw"]
    run(first, pieces(data[:10_000]), flush=False)
    second.restore(first.snapshot())
    position = 19_200  # of 20,000 samples in blocks of 1600
    whole = of_type(AudioBlock, decode(data[:20_000]))
    resumed = of_type(AudioBlock, run(second, pieces(data[position // 2 : 20_000])))
    assert resumed[0].start == position
    for one, another in zip([block for block in whole if block.start > position], resumed[1:], strict=True):
        assert np.allclose(one.samples, another.samples, atol=1e-6)


@pytest.mark.parametrize(("sent", "read", "spelled"), [("mulaw", "alaw", "mu-law"), ("alaw", "mulaw", "A-law")])
@pytest.mark.parametrize("size", [160, 8000])
def test_the_other_law_is_a_hint(sent, read, spelled, size):
    (hint,) = of_type(AudioHint, decode(DIALOGUE[sent], size, encoding=read))
    assert hint.code == "audio_format"
    assert f"looks like {spelled}" in hint.message
    assert f"encoding of telephone_decoder to {sent}" in hint.message


def test_a_hint_comes_after_a_session_was_resumed_as_well():
    loaded = load("telephone_decoder", encoding="alaw")
    first, second = open_stage(loaded), open_stage(loaded)
    run(first, pieces(DIALOGUE["mulaw"][:20_000]), flush=False)
    second.restore(first.snapshot())
    assert of_type(AudioHint, run(second, pieces(DIALOGUE["mulaw"][20_000:60_000])))


@pytest.mark.parametrize("encoding", ["mulaw", "alaw"])
def test_there_is_no_hint_where_all_is_right_or_nothing_can_be_told(encoding):
    noise = bytes(np.random.default_rng(0).integers(0, 256, 80_000, dtype=np.uint8))
    silence = {"mulaw": b"\xff", "alaw": b"\xd5"}[encoding] * 80_000
    for data in (DIALOGUE[encoding], line_audio("conversation", encoding), noise, silence):
        assert not of_type(AudioHint, decode(data, 1600, encoding=encoding))


def test_a_file_with_a_header_is_named_and_refused():
    with pytest.raises(BadInput, match="this is a WAV file; send raw A-law: 8 kHz, 8 bits a sample") as caught:
        decode(b"RIFF\x24\x00\x00\x00WAVE", encoding="alaw")
    assert caught.value.code == ErrorCode.UNSUPPORTED_AUDIO


@pytest.mark.parametrize(("decoder", "is_resumable"), [("frame_decoder", True), ("telephone_decoder", False)])
def test_a_session_of_a_line_cannot_be_resumed_as_clients_count_in_pcm(decoder, is_resumable):
    chain = Chain(STAGES.configure(PluginManager().stages, [decoder], {}))
    assert chain.keeps_time is is_resumable
