"""Tokens of all kinds together."""

import logging

import pytest

from speaker_tracker.server import used_tokens
from speaker_tracker.server.admission import Admission
from speaker_tracker.server.signed_tokens import TokenSigner
from speaker_tracker.server.token_check import Purpose, TokenCheck, TokenFault, asks_for_tokens
from speaker_tracker.settings import Settings, SettingsError

SECRET = "s" * 32
SIGNER = TokenSigner([SECRET])


def test_tokens_are_asked_for_where_there_are_any_of_any_kind(tmp_path):
    assert not asks_for_tokens(Settings())
    for settings in (Settings(tokens=["a"]), Settings(tokens_file=tmp_path), Settings(token_secret=[SECRET])):
        assert asks_for_tokens(settings)


def test_one_good_token_among_several_is_enough():
    check = TokenCheck(Settings(tokens=["right"], token_secret=[SECRET]))
    assert check.holder(["wrong", "right"], Purpose.SESSION) == "TOKENS 1"
    assert check.holder(["wrong", SIGNER.make(60, "page")], Purpose.SESSION) == "page"


def test_of_several_faults_the_one_that_says_most_is_told():
    check = TokenCheck(Settings(token_secret=[SECRET]))
    expired = SIGNER.make(60, now=1_000_000)
    assert check.holder(["wrong", expired, "wrong"], Purpose.SESSION) is TokenFault.EXPIRED


def test_a_good_token_beside_one_for_one_session_leaves_that_unused():
    check = TokenCheck(Settings(tokens=["right"], token_secret=[SECRET]))
    once = SIGNER.make(60, once=True)
    assert check.holder([once, "right"], Purpose.SESSION) == "TOKENS 1"
    assert check.holder([once], Purpose.SESSION) == "signed"


def test_a_file_that_cannot_be_read_ends_the_start(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        TokenCheck(Settings(tokens_file=tmp_path / "none"))


def test_where_use_cannot_be_remembered_nobody_is_let_in_and_the_log_says_so_once(monkeypatch, caplog):
    monkeypatch.setattr(used_tokens, "MAX_USED", 1)
    admission = Admission(Settings(token_secret=[SECRET]))
    tokens = [SIGNER.make(60, once=True) for _ in range(3)]
    shown = [{"origin": None, "authorization": f"Bearer {token}"} for token in tokens]
    assert admission.decide(**shown[0]).token_name == "signed"
    for each in shown[1:]:
        refusal = admission.decide(**each)
        assert (refusal.status, refusal.sentence) == (503, TokenFault.UNKNOWN.value)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
