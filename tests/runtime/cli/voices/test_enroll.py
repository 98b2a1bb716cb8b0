import pytest
from click.testing import CliRunner

from speaker_tracker.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([" ", "a.wav"], "a name cannot be empty"),
        (["Anna", *"abcdef"], "5 voiceprints of a person are kept, not 6; name as many recordings at most"),
        (["Anna"], "Missing argument 'AUDIO...'"),
    ],
)
def test_wrong_usage_is_told(arguments, message):
    result = CliRunner().invoke(main, ["enroll", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr
