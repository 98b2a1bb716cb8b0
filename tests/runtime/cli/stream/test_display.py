import json

from speaker_tracker.cli.stream.display import JsonLinesDisplay, TurnsDisplay
from speaker_tracker.cli.stream.source import FileSource
from speaker_tracker.protocol import HintMessage
from support.known_conversation import DATA

HINT = HintMessage(code="stereo", message="the audio may be stereo; send mono")


def test_a_hint_is_a_note_on_standard_error(capsys):
    TurnsDisplay().hinted(HINT)

    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "Note: the audio may be stereo; send mono\n")


def test_among_messages_a_hint_is_a_line_as_well(capsys):
    JsonLinesDisplay(FileSource(DATA / "dialogue.flac")).hinted(HINT)

    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"event": "hint", "code": "stereo", "message": HINT.message}
    assert shown.err == f"Note: {HINT.message}\n"
