"""Tokens as clients show them."""

import base64

import pytest

from speaker_tracker.server.credentials import basic_password, bearer_token, subprotocol_tokens


def base64_of(data):
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("authorization", "found"),
    [
        ("Bearer sesame", ["sesame"]),
        ("BEARER   sesame  ", ["sesame"]),
        ("Bearer", [""]),
        ("Basic sesame", []),
        ("sesame", []),
        ("", []),
        (None, []),
    ],
)
def test_a_bearer_token_stands_behind_its_scheme(authorization, found):
    assert bearer_token(authorization) == found


@pytest.mark.parametrize(
    ("authorization", "found"),
    [
        (f"Basic {base64_of(b'anna:sesame')}", ["sesame"]),
        (f"basic {base64_of('anna:öffne: dich'.encode())}", ["öffne: dich"]),
        (f"Basic {base64_of(b':sesame').rstrip('=')}", ["sesame"]),
        (f"Basic {base64_of(b'anna:')}", [""]),
        (f"Basic {base64_of(b'sesame')}", []),
        (f"Basic {base64_of(bytes([0xFF]) + b':sesame')}", []),
        ("Basic ünïcode", []),
        ("Basic !", []),
        ("Basic", []),
        ("Bearer sesame", []),
        (None, []),
    ],
)
def test_a_password_stands_behind_the_first_colon_of_what_is_decoded(authorization, found):
    assert basic_password(authorization) == found


@pytest.mark.parametrize(
    ("offered", "found"),
    [
        (["bearer", "sesame"], ["sesame"]),
        (["audio", "bearer", "sesame", "more"], ["sesame"]),
        (["bearer", "base64url.c2VzYW1l"], ["base64url.c2VzYW1l", "sesame"]),
        (["bearer", "base64url.fn5-Pz8_Pj4-"], ["base64url.fn5-Pz8_Pj4-", "~~~???>>>"]),
        (["bearer", "base64url.fn5!"], ["base64url.fn5!"]),
        (["bearer", "base64url._w"], ["base64url._w"]),
        (["bearer"], []),
        (["sesame"], []),
        ([], []),
    ],
)
def test_a_token_is_offered_behind_bearer_as_it_is_or_encoded(offered, found):
    assert subprotocol_tokens(offered) == found
