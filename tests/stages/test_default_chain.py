"""The stages of the default chain together, on a real conversation, through the session that the server pumps."""

import gc
import types

import numpy as np
import pytest

from speaker_tracker.engine.session import Session
from speaker_tracker.engine.session_io import BytesReceived, Send, TextReceived
from speaker_tracker.events import AudioGap, ClientMessage
from speaker_tracker.protocol import ReportMessage, SegmentMessage, TimelineMessage
from speaker_tracker.stage import SessionInfo
from support.stage_harness import frames, of_type, run

RATE = 16_000


def report(chain, samples, frame, num_speakers=2):
    (last,) = [
        event.message
        for event in of_type(
            ClientMessage, run(chain.open(SessionInfo("test", num_speakers, timeline=True)), frames(samples, frame))
        )
        if isinstance(event.message, ReportMessage)
    ]
    return last


def agreement(final, conversation, names):
    """Share of speech of one speaker alone that the report gives to it; ``names``: the reference speaker of each id."""
    found = np.zeros_like(conversation.speakers)
    for segment in final.segments:
        found[names[segment.speakerId], segment.startMs * 16 : segment.endMs * 16] = True
    alone = conversation.speakers.sum(axis=0) == 1
    return (found & conversation.speakers)[:, alone].sum() / alone.sum()


def test_the_speakers_of_a_conversation_are_told_apart(chain, conversation):
    final = report(chain, conversation.samples, 1600, num_speakers=3)

    assert [line.id for line in final.speakers] == [0, 1, 2]
    assert agreement(final, conversation, names=[0, 1, 2]) > 0.95


def test_how_audio_is_cut_into_frames_does_not_change_the_timeline(chain, dialogue):
    expected = report(chain, dialogue.samples, 1600)

    assert report(chain, dialogue.samples, 320) == expected
    assert report(chain, dialogue.samples, 16_000) == expected


def test_audio_that_is_processed_in_long_pieces_leads_to_the_very_same_messages(chain, dialogue):
    asked = SessionInfo("test", 2, timeline=True)
    of_lengths = [run(chain.open(asked), frames(dialogue.samples, length)) for length in (RATE, 8 * RATE)]
    seconds, pieces = ([event.message for event in of_type(ClientMessage, events)] for events in of_lengths)
    assert pieces == seconds


def test_fewer_speakers_than_asked_for_are_not_made_more(chain, dialogue):
    assert [line.id for line in report(chain, dialogue.samples, 1600, num_speakers=5).speakers] == [0, 1]


def test_a_voice_beyond_those_tracked_gets_no_time(chain, conversation):
    final = report(chain, conversation.samples, 1600, num_speakers=2)
    third = conversation.speakers[2] & ~conversation.speakers[:2].any(axis=0)
    given = np.zeros(len(conversation.samples), bool)
    for segment in final.segments:
        given[segment.startMs * 16 : segment.endMs * 16] = True

    assert given[third].mean() < 0.1


def messages_with_others(chain, samples, num_speakers):
    session = SessionInfo("test", num_speakers, timeline=True, others=True)
    return [event.message for event in of_type(ClientMessage, run(chain.open(session), frames(samples, 1600)))]


@pytest.mark.parametrize(("num_speakers", "voices"), [(3, 0), (2, 1)])
def test_voices_beyond_those_tracked_are_told_of(chain, conversation, num_speakers, voices):
    messages = messages_with_others(chain, conversation.samples, num_speakers)
    third = (conversation.speakers[2] & ~conversation.speakers[:2].any(axis=0)).sum() / 16

    assert messages[-1].others.voices == voices
    assert messages[-1].others.totalTimeMs == pytest.approx(third * voices, rel=0.15)
    timelines = [message for message in messages if isinstance(message, TimelineMessage)]
    assert all(message.others is not None for message in timelines[4:])


def test_other_voices_are_told_of_to_nobody_who_did_not_ask(chain, conversation):
    assert report(chain, conversation.samples[: 20 * RATE], 1600, num_speakers=1).others is None


def test_silence_has_no_other_voices(chain):
    others = messages_with_others(chain, np.zeros(RATE, np.float32), 1)[-1].others
    assert (others.totalTimeMs, others.voices) == (0, 0)


def test_eight_bytes_are_a_session(chain):
    assert report(chain, np.zeros(4, np.float32), 4).speakers == []


@pytest.mark.parametrize("level", [0.0, 0.001, 0.3])
def test_noise_and_silence_are_nobody(chain, level):
    noise = np.random.default_rng(0).normal(0, 1, 10 * RATE).astype(np.float32) * np.float32(level)

    assert report(chain, noise, 1600).speakers == []


def test_a_session_goes_on_in_another_pipeline(chain, dialogue):
    cut = len(dialogue.samples) // 2 // 512 * 512
    session = SessionInfo("test", 2, timeline=True)
    first, second = chain.open(session), chain.open(session)
    run(first, frames(dialogue.samples[:cut], 1600), flush=False)
    second.restore(first.snapshot())
    last = of_type(ClientMessage, run(second, frames(dialogue.samples[cut:], 1600)))[-1].message

    assert agreement(last, dialogue, names=[0, 1]) > 0.9


def reachable_array_bytes(root):
    """Bytes of arrays and byte strings that can be reached from an object, without going through modules, classes and functions."""
    shared = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
    seen, total, waiting = set(), 0, [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, shared):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            total += (one if one.base is None else one.base).nbytes if isinstance(one.base, np.ndarray | None) else one.nbytes
        elif isinstance(one, bytes | bytearray):
            total += len(one)
        waiting.extend(gc.get_referents(one))
    return total


def held_audio(session):
    """Bytes of audio that the decoder, the detector, the segmentation and the embedding stage of a session hold."""
    return sum(reachable_array_bytes(opened.stage) for opened in session._pipeline._stages[:4])


def test_what_a_session_holds_of_its_audio_is_a_few_seconds_and_does_not_grow(chain, dialogue):
    session = Session("test", chain.open)
    list(session.handle(TextReceived('{"action": "start", "num_speakers": 2}')))
    held = []
    for _ in range(3):
        for frame in frames(dialogue.samples, RATE // 5):
            list(session.handle(BytesReceived(frame.data)))
            held.append(held_audio(session))

    three_seconds = 3 * RATE * np.dtype(np.float32).itemsize
    assert max(held) < three_seconds
    once = len(held) // 3
    # The second and the third time, the dialogue begins where it has just ended; the first time it does not.
    assert max(held[2 * once :]) <= 1.05 * max(held[once : 2 * once])
    assert any(held), "the measure finds nothing at all"


def test_a_session_that_ended_holds_nothing(chain, dialogue):
    session = Session("test", chain.open)
    list(session.handle(TextReceived('{"action": "start"}')))
    list(session.handle(BytesReceived(frames(dialogue.samples[: 5 * RATE], 5 * RATE)[0].data)))
    outputs = [output for step in session.handle(TextReceived('{"action": "stop"}')) for output in step]

    assert isinstance(outputs[0], Send)
    assert session._pipeline is None


def test_a_silent_recording_holds_little_more_than_a_second(chain):
    """A segmentation that looks half a second ahead holds that; the states of the networks, which are no audio, count here, too."""
    session = Session("test", chain.open)
    list(session.handle(TextReceived('{"action": "start"}')))
    for _ in range(30):
        list(session.handle(BytesReceived(bytes(2 * RATE))))

    assert held_audio(session) < 1.4 * RATE * np.dtype(np.float32).itemsize


@pytest.mark.parametrize("at", [9.0, 15.3])
def test_times_stay_on_the_wall_clock_across_a_gap(chain, dialogue, at):
    """A dialogue with a gap in it has the same timeline, moved apart there, and speaks no more often than before."""
    gap_ms, cut = 20_000, round(at * RATE)
    pipeline = chain.open(SessionInfo("test", 2, timeline=True))
    answers = run(
        pipeline,
        [*frames(dialogue.samples[:cut], 1600), AudioGap(cut, cut + gap_ms * 16), *frames(dialogue.samples[cut:], 1600)],
    )
    messages = [event.message for event in of_type(ClientMessage, answers)]
    clocks = [message.audioMs for message in messages if isinstance(message, TimelineMessage)]
    moved = messages[-1].segments
    cut_ms = round(at * 1000)
    assert not [each for each in moved if each.startMs < cut_ms + gap_ms and each.endMs > cut_ms + 1]
    final = [
        SegmentMessage(
            startMs=each.startMs - gap_ms * (each.startMs > cut_ms),
            endMs=each.endMs - gap_ms * (each.endMs > cut_ms + 1),
            speakerId=each.speakerId,
        )
        for each in moved
    ]
    assert agreement(ReportMessage(speakers=messages[-1].speakers, segments=final), dialogue, names=[0, 1]) > 0.95
    assert len(clocks) <= len(dialogue.samples) / RATE * 2 + 2
    assert clocks == sorted(clocks)
    assert cut_ms + gap_ms in clocks


def test_clients_that_ask_are_told_how_certain_segments_are_and_others_nothing_else(chain, conversation):
    asked = SessionInfo("test", 3, timeline=True, confidence=True)
    messages = [event.message for event in of_type(ClientMessage, run(chain.open(asked), frames(conversation.samples, 1600)))]
    plain = report(chain, conversation.samples, 1600, num_speakers=3)

    assert all(0 < segment.confidence <= 1 for segment in messages[-1].segments)
    assert np.mean([segment.confidence for segment in messages[-1].segments]) > 0.85
    live = [each for message in messages if isinstance(message, TimelineMessage) for each in message.segments]
    assert all((each.confidence is None) == (each.speakerId is None) for each in live)
    without = [segment.model_copy(update={"confidence": None}) for segment in messages[-1].segments]
    assert plain == ReportMessage(speakers=messages[-1].speakers, segments=without)
