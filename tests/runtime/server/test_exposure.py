"""The warning before a server that anybody can use."""

import socket

import pytest
from hypercorn.config import Sockets

from speaker_tracker.server import binding
from speaker_tracker.server.exposure import exposure_warning
from speaker_tracker.settings import Settings


def warning(**settings):
    settings = Settings(port=0, **settings)
    sockets = binding.bind(binding.hypercorn_config(settings), settings)
    try:
        return exposure_warning(settings, sockets)
    finally:
        binding.close(sockets)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_one_sentence_says_what_to_set(host):
    if host == "::" and not socket.has_ipv6:
        pytest.skip("needs IPv6")
    sentence = warning(host=host)
    assert f"whoever reaches {f'[{host}]' if ':' in host else host}:" in sentence
    for word in ("SPEAKER_TRACKER_TOKENS,", "SPEAKER_TRACKER_TOKENS_FILE", "SPEAKER_TRACKER_TOKEN_SECRET", "127.0.0.1"):
        assert word in sentence


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_what_only_this_machine_reaches_needs_no_token(host):
    assert warning(host=host) is None


def test_with_tokens_of_any_kind_all_is_well(tmp_path):
    (tmp_path / "tokens").write_text("sesame\n")
    assert warning(host="0.0.0.0", tokens=["sesame"]) is None
    assert warning(host="0.0.0.0", tokens_file=tmp_path / "tokens") is None
    assert warning(host="0.0.0.0", token_secret=["s" * 32]) is None


def test_a_path_in_the_file_system_needs_none(tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        assert exposure_warning(Settings(), Sockets([], [listening], [])) is None
