"""docs/transcripts.md says what `label` does."""

import re

import pytest

from speaker_tracker.transcripts import grouping, labelling
from speaker_tracker.transcripts.labelling import label
from speaker_tracker.transcripts.reading import KINDS, read_transcript
from speaker_tracker.transcripts.reading.tables import MIN_CHARACTERS_A_SECOND
from speaker_tracker.transcripts.turns import SpeakerTurn
from speaker_tracker.transcripts.writing import OUTPUTS
from support import transcript_samples as samples
from support.pages import block, rows, section, text_of

TEXT = text_of("docs/transcripts.md")
ONE_LINE = " ".join(TEXT.split())


def test_every_format_that_is_read_has_a_row():
    named = [name for cells in rows(section(TEXT, "What is read")) for name in re.findall(r"`([\w.]+)`", cells[0])]
    assert named == list(KINDS)


def test_every_format_that_is_written_has_a_row_with_its_endings():
    told = {cells[0].strip("`"): tuple(re.findall(r"`([\w.]+)`", cells[1])) for cells in rows(section(TEXT, "What is written"))}
    assert told == {name: output.suffixes for name, output in OUTPUTS.items()}


def test_the_example_is_what_is_written():
    transcript = read_transcript(samples.SAMPLES["whisper"].encode(), "talk.json")
    label(transcript, [SpeakerTurn(0, 2, "0", "Speaker 0"), SpeakerTurn(2, 3.8, "1", "Speaker 1")])
    assert OUTPUTS["vtt"].render(transcript) == block(TEXT, "", "WEBVTT")


@pytest.mark.parametrize(
    "words",
    [
        f"within `--gap-seconds` ({labelling.GAP_SECONDS})",
        f"within {labelling.SNAP_WORDS} words and {labelling.SNAP_SECONDS} s",
        f"pauses of {grouping.PAUSE_SECONDS:g} s",
        f"more than {grouping.MAX_CHARACTERS} characters or {grouping.MAX_SECONDS:g} s",
        f"less than one character in {['', 'one second', 'two seconds'][round(1 / MIN_CHARACTERS_A_SECOND)]}",
    ],
)
def test_the_bounds_are_those_of_the_code(words):
    assert words in ONE_LINE
