"""Tokens signed by a secret."""

import base64
import hashlib
import hmac
import json
import re

import pytest

from speaker_tracker.server.signed_tokens import MAX_TTL_SECONDS, TokenExpired, TokenNotValid, TokenSigner

SECRET = "a secret of thirty-two characters"
NOW = 1_800_000_000
SIGNER = TokenSigner([SECRET])


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_by_hand(claims, secret=SECRET, version="st1"):
    """A token as programs make it that know the description alone."""
    text = claims if isinstance(claims, str) else json.dumps(claims)
    signed = f"{version}.{base64url(text.encode())}"
    return f"{signed}.{base64url(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


GOOD = {"exp": NOW + 60, "id": "0123456789abcdef"}


def test_a_token_says_what_it_was_made_with():
    said = SIGNER.read(SIGNER.make(60, "page", once=True, now=NOW), now=NOW)
    assert (said.exp, said.name, said.once) == (NOW + 60, "page", True)
    assert SIGNER.read(SIGNER.make(60, now=NOW), now=NOW).name == "signed"


def test_no_two_tokens_are_the_same():
    assert len({SIGNER.make(60, now=NOW) for _ in range(100)}) == 100


def test_a_token_can_stand_in_addresses_headers_and_subprotocols():
    token = SIGNER.make(60, "a-name-of-64-characters-" + "x" * 40, once=True)
    assert re.fullmatch(r"st1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}", token)
    assert len(token) < 300


def test_it_is_good_until_it_expires():
    token = SIGNER.make(60, now=NOW)
    assert SIGNER.read(token, now=NOW + 59.9)
    with pytest.raises(TokenExpired):
        SIGNER.read(token, now=NOW + 60)


def test_other_programs_can_make_tokens_by_the_description():
    assert SIGNER.read(signed_by_hand(GOOD), now=NOW).name == "signed"
    assert SIGNER.read(signed_by_hand({**GOOD, "name": "b@ckend", "once": True}), now=NOW).once


@pytest.mark.parametrize(
    "claims",
    [
        {**GOOD, "exp": str(NOW + 60)},
        {**GOOD, "exp": NOW + 60.5},
        {**GOOD, "exp": -1},
        {**GOOD, "exp": 10**400},
        {**GOOD, "exp": NOW + MAX_TTL_SECONDS + 1},
        {**GOOD, "id": "short"},
        {**GOOD, "id": "../../../../../../etc"},
        {**GOOD, "name": "two\nlines"},
        {**GOOD, "name": ""},
        {**GOOD, "once": 1},
        {**GOOD, "admin": True},
        {"exp": NOW + 60},
        {"id": GOOD["id"]},
        [],
        "",
        "{",
    ],
)
def test_what_is_signed_must_be_of_the_form_described(claims):
    with pytest.raises(TokenNotValid):
        SIGNER.read(signed_by_hand(claims), now=NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "st1",
        "st1..",
        "st1.e30",
        "sesame",
        "\udcff",
        "st1.ü.ü",
        signed_by_hand(GOOD, secret="another secret, as long as the first"),
        signed_by_hand(GOOD, version="st2"),
        signed_by_hand(GOOD)[:-2],
        signed_by_hand(GOOD) + ".",
        signed_by_hand(GOOD).replace("st1.", "st1.."),
        " " + signed_by_hand(GOOD),
    ],
)
def test_what_was_not_signed_is_not_valid(token):
    with pytest.raises(TokenNotValid):
        SIGNER.read(token, now=NOW)


def test_claims_of_one_token_do_not_go_with_the_signature_of_another():
    one, other = SIGNER.make(60, now=NOW).split("."), SIGNER.make(600, now=NOW).split(".")
    with pytest.raises(TokenNotValid):
        SIGNER.read(".".join([one[0], other[1], one[2]]), now=NOW)


def test_a_wrong_signature_is_told_before_the_time():
    with pytest.raises(TokenNotValid):
        TokenSigner(["x" * 32]).read(SIGNER.make(60, now=NOW), now=NOW + 1000)


def test_the_first_key_signs_and_all_are_good_for_reading():
    old, new = TokenSigner(["o" * 32]), TokenSigner(["n" * 32])
    both = TokenSigner(["n" * 32, "o" * 32])
    assert both.read(old.make(60, now=NOW), now=NOW)
    assert new.read(both.make(60, now=NOW), now=NOW)
    with pytest.raises(TokenNotValid):
        old.read(both.make(60, now=NOW), now=NOW)
