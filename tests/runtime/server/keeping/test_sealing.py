"""Kept sessions that are encrypted."""

import pytest

from speaker_tracker.server.keeping.sealing import CannotOpen, Seal

FIRST, SECOND = "a" * 32, "b" * 32
STATE = b"who sounds like what" * 50


def test_what_is_sealed_is_opened_by_the_same_token_and_secret_alone():
    sealed = Seal([FIRST]).sealed("token", STATE)

    assert Seal([FIRST]).opened("token", sealed) == STATE
    assert b"sounds" not in sealed
    for secret, token in [(SECOND, "token"), (FIRST, "Token")]:
        with pytest.raises(CannotOpen):
            Seal([secret]).opened(token, sealed)


def test_a_secret_is_replaced_by_putting_another_in_front_of_it():
    old = Seal([FIRST]).sealed("token", STATE)
    both = Seal([SECOND, FIRST])
    assert both.opened("token", old) == STATE
    assert Seal([SECOND]).opened("token", both.sealed("token", STATE)) == STATE


@pytest.mark.parametrize("place", [0, 20, -1])
def test_what_was_changed_is_not_opened(place):
    sealed = bytearray(Seal([FIRST]).sealed("token", STATE))
    sealed[place] ^= 1
    with pytest.raises(CannotOpen):
        Seal([FIRST]).opened("token", bytes(sealed))


def test_what_is_too_short_is_not_opened():
    for data in (b"", b"1234", bytes(12)):
        with pytest.raises(CannotOpen):
            Seal([FIRST]).opened("token", data)


def test_the_same_state_is_never_sealed_to_the_same_bytes():
    seal = Seal([FIRST])
    assert seal.sealed("token", STATE) != seal.sealed("token", STATE)
