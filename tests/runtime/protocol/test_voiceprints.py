"""Voiceprints keep what they are given, and refuse what is none."""

import base64
import struct

import pytest
from pydantic import ValidationError

from speaker_tracker.protocol import KnownVoice, StartCommand, Voiceprint

PRINT = Voiceprint.of("small", 2, [0.5, -0.25, 0.125], 42.13)


def packed(*values):
    return base64.b64encode(struct.pack(f"<{len(values)}e", *values)).decode()


def test_a_print_has_its_values_model_and_seconds():
    assert PRINT.values == (0.5, -0.25, 0.125)
    assert PRINT.model_dump() == {"model": "small", "version": 2, "vector": packed(0.5, -0.25, 0.125), "seconds": 42.1}


def test_values_are_rounded_to_sixteen_bits():
    (value,) = Voiceprint.of("small", 1, [0.1], 5.0).values

    assert value != 0.1
    assert value == pytest.approx(0.1, abs=1e-4)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"vector": "not base64!"}, "not base64"),
        ({"vector": base64.b64encode(b"abc").decode()}, "no whole number of float16 values"),
        ({"vector": packed(0.1, float("nan"))}, "no numbers"),
        ({"vector": packed(float("inf"), 0.1)}, "no numbers"),
        ({"vector": packed(0.0, 0.0)}, "holds no voice"),
        ({"vector": ""}, "at least 1 character"),
        ({"vector": packed(*[0.1] * 4000)}, "at most 8192 characters"),
        ({"vector": [0.1, 0.2]}, "valid string"),
        ({"seconds": 0}, "greater than 0"),
        ({"seconds": float("nan")}, "finite number"),
        ({"model": ""}, "at least 1 character"),
        ({"version": "1"}, "valid integer"),
    ],
)
def test_what_is_no_print_is_refused_with_a_reason(changed, said):
    with pytest.raises(ValidationError, match=said):
        Voiceprint.model_validate({**PRINT.model_dump(), **changed})


@pytest.mark.parametrize(("name", "said"), [("", "at least 1"), ("  ", "empty"), ("An\nna", "control characters"), (7, "string")])
def test_a_name_must_be_one_that_can_be_shown(name, said):
    with pytest.raises(ValidationError, match=said):
        KnownVoice.model_validate({"name": name, "voiceprint": PRINT.model_dump()})


def test_spaces_around_a_name_are_no_part_of_it():
    assert KnownVoice(name=" Ánna 安娜 ", voiceprint=PRINT).name == "Ánna 安娜"


def test_a_start_that_asks_for_nothing_has_neither():
    assert (StartCommand().voiceprints, StartCommand().known_voices) == (False, None)
