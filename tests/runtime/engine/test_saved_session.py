"""The bytes of a kept session: the same session again, or one clear sentence."""

import random

import numpy as np
import pytest

from speaker_tracker.engine.saved_session import FORMAT, HEAD, MAGIC, SavedSession, SavedSessionError, decode, encode
from speaker_tracker.protocol import StartCommand
from speaker_tracker.testing.comparison import alike

STATES = {
    "decoder": {"position": 48_000, "nothing": None, "on": True, "share": 0.1, "word": "ja", "pairs": [[1, 2], [3, 4]]},
    "network": {
        "state": np.arange(12, dtype=np.float32).reshape(3, 4),
        "empty": np.zeros((0, 7), np.int64),
        "one": np.float32(2.5),
    },
    "deep": {"in": [{"side": np.array([True, False])}, (1, 2)]},
}
SAVED = SavedSession(
    "abc", "chain", StartCommand(num_speakers=3, timeline=True, resumable=True), 48_000, 16_000, ("stereo",), STATES
)


def test_a_session_comes_back_as_it_was():
    again = decode(encode(SAVED), "chain")

    assert (again.session_id, again.start, again.position, again.gap_samples) == ("abc", SAVED.start, 48_000, 16_000)
    assert again.hinted == ("stereo",)
    assert again.states["decoder"] == STATES["decoder"]
    assert alike(again.states["network"]["state"], STATES["network"]["state"])
    assert again.states["network"]["state"].dtype == np.float32
    assert again.states["network"]["empty"].shape == (0, 7)
    assert again.states["network"]["one"] == 2.5
    assert again.states["deep"]["in"][0]["side"].tolist() == [True, False]


def test_arrays_can_be_written_to():
    decode(encode(SAVED), "chain").states["network"]["state"][0] = 1


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (b"bytes", "bytes"),
        (object(), "object"),
        ({1: 2}, "keys"),
        (np.array(["text"]), "<U4"),
        (np.array([object()]), "object"),
        ({1}, "set"),
    ],
)
def test_a_state_that_cannot_be_kept_is_refused(value, what):
    states = {"stage": {"value": value}}
    with pytest.raises(SavedSessionError, match=what):
        encode(SavedSession("abc", "chain", StartCommand(), 0, 0, (), states))


def test_another_chain_and_another_format_are_named():
    with pytest.raises(SavedSessionError, match="its stages are not those of this server"):
        decode(encode(SAVED), "other")
    data = encode(SAVED)
    other = HEAD.pack(MAGIC, FORMAT + 1, 0) + data[HEAD.size :]
    with pytest.raises(SavedSessionError, match=rf"saved in format {FORMAT + 1}, and this server reads format {FORMAT}"):
        decode(other, "chain")
    with pytest.raises(SavedSessionError, match="no saved session"):
        decode(b"RIFF" + data[4:], "chain")


def test_whatever_is_damaged_is_refused_and_nothing_else_is_raised():
    data = encode(SAVED)
    chance = random.Random(1)
    for _ in range(2000):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        cut = bytes(damaged[: chance.randrange(len(data))]) if chance.random() < 0.3 else bytes(damaged)
        try:
            decode(cut, "chain")
        except SavedSessionError:
            continue
        assert cut == data  # a byte was replaced by itself


def test_a_bomb_is_not_unpacked(monkeypatch):
    states = {"stage": {"zeros": np.zeros(100_000, np.int32)}}
    saved = SavedSession("abc", "chain", StartCommand(), 0, 0, (), states)
    data = encode(saved)
    assert len(data) < 2000
    monkeypatch.setattr("speaker_tracker.engine.saved_session.LARGEST_BYTES", 1000)
    with pytest.raises(SavedSessionError, match="at most 1000 are kept"):
        encode(saved)
    with pytest.raises(SavedSessionError, match="damaged"):
        decode(data, "chain")
