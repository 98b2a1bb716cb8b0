"""What docs/access.md and SECURITY.md say of settings, names, limits and tokens is what there is."""

import re

import pytest

from speaker_tracker.server.protection import ENDPOINTS
from speaker_tracker.server.signed_tokens import DEFAULT_NAME, MAX_TTL_SECONDS, VERSION, SignedToken, TokenSigner
from speaker_tracker.server.token_file import MAX_TOKENS, parse_tokens
from speaker_tracker.server.used_tokens import MAX_USED
from speaker_tracker.settings import MIN_SECRET_LENGTH, PREFIX, Settings
from support.pages import block, rows, section, text_of

ACCESS = text_of("docs/access.md")
SECURITY = text_of("SECURITY.md")
WORDS = {"CLAIMS", "SIGNATURE", "TOKEN", "TMPDIR"}
"""Words in capitals that are no settings."""


def cells(heading):
    return {row[0].strip("`"): row[1] for row in rows(section(ACCESS, heading))}


@pytest.mark.parametrize("text", [ACCESS, SECURITY], ids=["access", "security"])
def test_all_settings_that_are_named_exist(text):
    named = re.findall(rf"`(?:{PREFIX})?([A-Z]+(?:_[A-Z]+)*)`", text) + re.findall(rf"{PREFIX}([A-Z_]+)", text)
    assert {name for name in named if name not in WORDS} <= {name.upper() for name in Settings.model_fields}


def test_the_example_of_a_file_has_the_names_that_are_told():
    assert [each.name for each in parse_tokens(block(ACCESS, "", "kiosk"))] == ["kiosk", "anna", "anna", "token 4"]
    assert "called by its position (`token 4`)" in ACCESS


def test_a_token_made_as_the_example_does_is_good():
    made = {}
    exec(block(ACCESS, "python", "def make_token"), made)
    secret = "s" * MIN_SECRET_LENGTH
    said = TokenSigner([secret]).read(made["make_token"](secret, "page"))
    assert (said.name, said.once) == ("page", True)


def test_the_claims_are_those_of_signed_tokens():
    assert set(cells("Signed tokens")) == set(SignedToken.model_fields)
    assert f"`{DEFAULT_NAME}` unless it is given" in ACCESS
    assert f"`{VERSION}.CLAIMS.SIGNATURE`" in ACCESS


def test_the_limits_are_those_of_the_code():
    text = " ".join(ACCESS.split())
    assert f"those of a file, up to {MAX_TOKENS} " in text
    assert f"{MAX_USED} tokens at a time" in text
    assert f"has {MIN_SECRET_LENGTH} characters or more" in text
    assert MAX_TTL_SECONDS == 7 * 24 * 3600
    assert f"1 to {MAX_TTL_SECONDS} (a week)" in text_of("docs/command-line.md")


def test_the_paths_are_those_that_can_be_protected():
    assert set(cells("Paths that need a token")) == set(ENDPOINTS)
    assert f"`{'`, `'.join(ENDPOINTS)}`" in text_of("docs/settings.md")
