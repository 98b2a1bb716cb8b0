"""Who may connect, as the handshake's headers and query tell."""

import pytest

from speaker_tracker.server.admission import Admission
from speaker_tracker.settings import Settings


def status(settings, *, origin=None, authorization=None, tokens=()):
    """The HTTP status of the refusal; None where the client may connect."""
    refusal = Admission(Settings(**settings)).refusal(origin=origin, authorization=authorization, token_parameters=tokens)
    return None if refusal is None else refusal.status


def test_by_default_everyone_may_connect():
    assert status({}, origin="https://anywhere.example") is None


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        ("https://a.example", None),
        ("https://A.example", None),
        (None, None),
        ("https://a.example:8443", 403),
        ("http://a.example", 403),
        ("https://a.example.evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_origin_must_be_one_of_those_allowed_to_the_letter(origin, wanted):
    assert status({"allowed_origins": ["https://b.example", "https://a.example/"]}, origin=origin) == wanted


def test_without_allowed_origins_no_browser_may_connect():
    assert status({"allowed_origins": []}, origin="https://a.example") == 403
    assert status({"allowed_origins": []}) is None


@pytest.mark.parametrize(
    ("authorization", "tokens", "wanted"),
    [
        ("Bearer right", [], None),
        ("bearer  right ", [], None),
        (None, ["right"], None),
        ("Bearer wrong", ["right"], None),
        (None, [], 401),
        (None, [""], 401),
        ("Bearer", [], 401),
        ("Basic right", [], 401),
        ("right", [], 401),
        ("Bearer righ", [], 401),
        (None, ["wrong", "right"], 401),
        ("Bearer \udcff", [], 401),
    ],
)
def test_token_must_be_shown_where_there_are_any(authorization, tokens, wanted):
    assert status({"tokens": ["right", "ünïcode"]}, authorization=authorization, tokens=tokens) == wanted


def test_origin_is_checked_before_the_token():
    assert status({"tokens": ["right"], "allowed_origins": ["https://a.example"]}, origin="https://b.example") == 403
