"""Who may connect, as the handshake's headers and query tell."""

import base64

import pytest

from speaker_tracker.server.admission import Admission, Admitted, Refusal
from speaker_tracker.server.signed_tokens import TokenSigner
from speaker_tracker.server.token_check import Purpose
from speaker_tracker.settings import Settings, SettingsError

SECRET = "s" * 32


def status(settings, *, origin=None, authorization=None, tokens=(), subprotocols=()):
    """The HTTP status of the refusal; None where the client may connect."""
    shown = {"authorization": authorization, "token_parameters": tokens, "subprotocols": subprotocols}
    decision = Admission(Settings(**settings)).decide(origin=origin, **shown)
    return decision.status if isinstance(decision, Refusal) else None


def answer(admission, token, purpose=Purpose.SESSION):
    """The sentence of the refusal, or the name of the token."""
    decision = admission.decide(origin=None, authorization=f"Bearer {token}", purpose=purpose)
    return decision.sentence if isinstance(decision, Refusal) else decision.token_name


def basic(password, user="anybody"):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


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


def encoded(token, padding="="):
    return "base64url." + base64.urlsafe_b64encode(token.encode()).decode().replace("=", padding)


@pytest.mark.parametrize(
    ("subprotocols", "wanted"),
    [
        (["bearer", "right"], None),
        (["audio", "bearer", "right"], None),
        (["bearer", encoded("right")], None),
        (["bearer", encoded("right", padding="")], None),
        (["bearer", encoded("ünïcode", padding="")], None),
        (["bearer", "base64url.!"], 401),
        (["bearer", "base64url._w"], 401),
        (["bearer", "wrong", "right"], 401),
        (["right", "bearer"], 401),
        (["Bearer", "right"], 401),
        (["bearer"], 401),
        (["right"], 401),
    ],
)
def test_a_token_may_be_offered_as_a_subprotocol(subprotocols, wanted):
    assert status({"tokens": ["right", "ünïcode"]}, subprotocols=subprotocols) == wanted


def test_a_token_that_looks_encoded_and_is_not_is_taken_as_it_is():
    assert status({"tokens": ["base64url.cmlnaHQ"]}, subprotocols=["bearer", "base64url.cmlnaHQ"]) is None


def test_a_session_is_named_for_its_token_and_not_by_it(tmp_path):
    file = tmp_path / "tokens"
    file.write_text("anna: right\nother\n")
    admission = Admission(Settings(tokens=["first", "second"], tokens_file=file, token_secret=[SECRET]))

    assert [answer(admission, token) for token in ("second", "right", "other")] == ["TOKENS 2", "anna", "token 2"]
    assert answer(admission, TokenSigner([SECRET]).make(60, "page")) == "page"
    assert Admission(Settings()).decide(origin=None, authorization="Bearer some") == Admitted(None)


def test_what_is_wrong_with_a_token_is_told_in_one_sentence():
    admission = Admission(Settings(tokens=["right"], token_secret=[SECRET]))
    signer = TokenSigner([SECRET])
    once = signer.make(60, once=True)

    assert answer(admission, "wrong") == "the token is not valid"
    assert answer(admission, TokenSigner(["x" * 32]).make(60)) == "the token is not valid"
    assert answer(admission, signer.make(60, now=1_000_000)) == "the token has expired"
    assert answer(admission, once) == "signed"
    assert answer(admission, once) == "the token has been used, and was good for one session"


def test_asking_uses_no_token_up():
    admission = Admission(Settings(token_secret=[SECRET]))
    once = TokenSigner([SECRET]).make(60, once=True)

    assert [answer(admission, once, Purpose.QUESTION) for _ in range(2)] == ["signed", "signed"]
    assert answer(admission, once) == "signed"
    assert answer(admission, once, Purpose.QUESTION) == "the token has been used, and was good for one session"


def test_a_client_of_another_origin_uses_no_token_up():
    admission = Admission(Settings(token_secret=[SECRET], allowed_origins=["https://a.example"]))
    once = TokenSigner([SECRET]).make(60, once=True)

    assert admission.decide(origin="https://b.example", authorization=f"Bearer {once}").reason == "origin"
    assert answer(admission, once) == "signed"


def test_the_second_secret_checks_while_the_first_signs():
    old, new = "o" * 32, "n" * 32
    admission = Admission(Settings(token_secret=[new, old]))

    assert answer(admission, TokenSigner([old]).make(60)) == "signed"
    assert answer(admission, TokenSigner([new, old]).make(60)) == "signed"
    assert answer(Admission(Settings(token_secret=[new])), TokenSigner([new, old]).make(60)) == "signed"


@pytest.mark.parametrize(
    ("authorization", "wanted"),
    [
        ("Bearer right", None),
        (basic("right"), None),
        (basic("right", user=""), None),
        (basic("ünï:code"), None),
        (basic("wrong"), 401),
        (basic("", user="right"), 401),
        ("Basic right", 401),
        ("Basic " + base64.b64encode(b"right").decode(), 401),
        ("Basic /w==", 401),
        ("Basic", 401),
        (None, 401),
    ],
)
def test_paths_are_opened_by_a_token_as_bearer_or_password(authorization, wanted):
    refusal = Admission(Settings(tokens=["right", "ünï:code"])).path_refusal(authorization)
    assert (None if refusal is None else refusal.status) == wanted


def test_a_password_opens_no_session():
    # A browser sends it by itself, also for pages of others.
    assert status({"tokens": ["right"]}, authorization=basic("right")) == 401


def test_a_token_for_one_session_opens_no_path():
    admission = Admission(Settings(token_secret=[SECRET]))
    once = TokenSigner([SECRET]).make(60, once=True)

    assert admission.path_refusal(f"Bearer {once}").sentence == "the token is good for one session, and opens nothing else"
    assert admission.path_refusal(basic(TokenSigner([SECRET]).make(60))) is None


def test_protected_paths_need_tokens_to_protect_them_by():
    with pytest.raises(SettingsError, match=r"PROTECTED_PATHS needs tokens .* SPEAKER_TRACKER_TOKENS_FILE"):
        Admission(Settings(protected_paths=["page"]))
