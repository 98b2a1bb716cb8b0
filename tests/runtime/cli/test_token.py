"""``speaker-tracker token``."""

import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main
from speaker_tracker.server.signed_tokens import MAX_TTL_SECONDS, TokenSigner

SECRET = "s" * 32


@pytest.fixture
def run(clean_environment, monkeypatch):  # noqa: ARG001
    """Runs the command with settings as environment variables."""

    def run(*arguments, **settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"SPEAKER_TRACKER_{name.upper()}", value)
        return CliRunner().invoke(main, ["token", *arguments])

    return run


def test_it_prints_one_token_for_a_minute(run):
    done = run(token_secret=SECRET)
    assert done.exit_code == 0
    (token,) = done.output.splitlines()
    said = TokenSigner([SECRET]).read(token)
    assert (said.name, said.once) == ("signed", False)


def test_it_is_as_it_was_asked_for(run):
    token = run("--ttl", "3600", "--name", "page", "--once", token_secret=f"{SECRET},{'o' * 32}").output.strip()
    said = TokenSigner([SECRET]).read(token)
    assert (said.name, said.once) == ("page", True)
    later = TokenSigner([SECRET]).read(run("--ttl", "60").output.strip())
    assert said.exp - later.exp in {3539, 3540}


def test_the_secret_may_come_from_a_file(run, tmp_path, monkeypatch):
    file = tmp_path / "settings.toml"
    file.write_text(f'token_secret = ["{SECRET}"]\n')
    monkeypatch.setenv("SPEAKER_TRACKER_CONFIG", "")  # so that what the option sets ends with this test
    assert TokenSigner([SECRET]).read(run("--config", str(file)).output.strip())


def test_without_a_secret_it_says_what_to_set(run):
    done = run()
    assert done.exit_code == 1
    assert "SPEAKER_TRACKER_TOKEN_SECRET is not set" in done.output
    assert "openssl rand -hex 32" in done.output


def test_a_short_secret_is_refused_and_not_shown(run):
    done = run(token_secret="sesame-sesame")
    assert done.exit_code == 1
    assert "SPEAKER_TRACKER_TOKEN_SECRET" in done.output
    assert "sesame" not in done.output


@pytest.mark.parametrize(
    "arguments", [("--ttl", "0"), ("--ttl", str(MAX_TTL_SECONDS + 1)), ("--name", "two words"), ("--name", "x" * 65), ("page",)]
)
def test_what_is_no_token_is_wrong_usage(run, arguments):
    assert run(*arguments, token_secret=SECRET).exit_code == 2
