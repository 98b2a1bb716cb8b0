"""Labelled transcripts in every format."""

import json
from io import BytesIO
from itertools import pairwise

import pytest
import webvtt

from speaker_tracker.transcripts.labelling import label
from speaker_tracker.transcripts.reading import read_transcript
from speaker_tracker.transcripts.turns import SpeakerTurn
from speaker_tracker.transcripts.writing import OUTPUTS, by_suffix, usual_output
from support import transcript_samples as samples

TURNS = [SpeakerTurn(0, 2, "0", "Anna"), SpeakerTurn(2, 3.8, "1", "Ben & Co")]


def labelled(content, turns=TURNS):
    transcript = read_transcript(content.encode(), "talk")
    label(transcript, turns)
    return transcript


def written(content, output, turns=TURNS):
    return OUTPUTS[output].render(labelled(content, turns))


def places(value):
    """(text, speaker) of all objects that have a speaker."""
    if isinstance(value, dict):
        if "speaker" in value:
            yield next(value[key] for key in ("word", "text", "transcript", "sentences") if key in value), value["speaker"]
        for each in value.values():
            yield from places(each)
    elif isinstance(value, list):
        for each in value:
            yield from places(each)


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_each_voice_has_cues_of_its_own_in_whatever_format(name):
    for output in ("srt", "vtt"):
        text = written(samples.SAMPLES[name], output)
        cues = webvtt.WebVTT.from_buffer(BytesIO(text.encode()), format=output)
        by_anna = [cue for cue in cues if "Anna" in cue.raw_text]
        assert [("Good" in cue.text, "Morning!" in cue.text) for cue in (by_anna[0], cues[len(by_anna)])] == [
            (True, False),
            (False, True),
        ]
        assert all(cue.start < cue.end for cue in cues)
        assert all(before.end <= after.start for before, after in pairwise(cues))


def test_srt_has_names_before_the_text_and_keeps_tags():
    assert written(samples.SRT, "srt") == (
        "1\n00:00:00,000 --> 00:00:01,900\nAnna: Good morning, Ben. You too?\n\n"
        "2\n00:00:02,100 --> 00:00:03,600\nBen & Co: <i>Morning!</i>\nI am fine.\n"
    )


def test_webvtt_has_voices_and_keeps_styles_places_and_tags():
    assert written(samples.VTT, "vtt") == (
        "WEBVTT\n\nSTYLE\n::cue(v) { color: lime }\n\n"
        "00:00:00.000 --> 00:00:01.900 align:start\n<v Anna>Good morning, Ben. You too?\n\n"
        "00:00:02.100 --> 00:00:03.600\n<v Ben &amp; Co><i>Morning!</i>\nI am fine.\n"
    )


def test_a_cue_with_two_voices_is_split_where_the_voice_changes():
    assert written(samples.SAMPLES["whisper"], "vtt") == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.900\n<v Anna>Good morning, Ben. You too?\n\n"
        "00:00:02.100 --> 00:00:03.600\n<v Ben &amp; Co>Morning! I am fine.\n"
    )


def test_what_looks_like_tags_is_text_in_another_format():
    srt = "1\n00:00:00,000 --> 00:00:01,000\n1 < 2 & <b>so</b> --> on\n"
    assert written(srt, "vtt").endswith("<v Anna>1 &lt; 2 &amp; so --&gt; on\n")
    vtt = "WEBVTT\n\n00:00.000 --> 00:01.000\n<c.loud>1 &lt; 2</c> &amp; on\n"
    assert written(vtt, "srt").endswith("Anna: 1 < 2 & on\n")


def test_nobodys_cues_have_no_name():
    assert written(samples.SRT, "srt", [SpeakerTurn(0, 1, "0", "Anna")]).endswith("\n<i>Morning!</i>\nI am fine.\n")
    assert "<v" not in written(samples.VTT, "vtt", [])


def test_text_and_markdown_are_by_turns():
    assert written(samples.SRT, "text") == "Anna: Good morning, Ben. You too?\n\nBen & Co: Morning! I am fine.\n"
    assert written("0\t1\ta *b*\n1\t2\t#c\n3661\t3662\td\n", "markdown") == (
        "**Anna** (0:00:00): a \\*b\\* \\#c\n\n**Unknown** (1:01:01): d\n"
    )


def test_scripts_without_spaces_and_from_right_to_left_are_written_as_they_are():
    chinese = json.dumps([{"start": 0, "end": 1, "text": "你好。"}, {"start": 1, "end": 4, "text": "好吗？我很好。"}])  # noqa: RUF001 - as it is written
    turns = [SpeakerTurn(0, 2.3, "0", "安娜"), SpeakerTurn(2.3, 4, "1", "本")]
    assert written(chinese, "text", turns) == "安娜: 你好。好吗？\n\n本: 我很好。\n"  # noqa: RUF001 - as it is written
    arabic = "1\n00:00:00,000 --> 00:00:01,000\nصباح الخير \u202bيا بن\u202c\n"  # noqa: RUF001 - as it is written
    assert written(arabic, "srt") == arabic.replace("صباح", "Anna: صباح")


@pytest.mark.parametrize("name", [name for name in samples.SAMPLES if samples.SAMPLES[name][0] in "{["])
def test_json_keeps_its_shape_and_has_speakers_at_words_and_segments(name):
    before = json.loads(samples.SAMPLES[name])
    after = json.loads(written(samples.SAMPLES[name], "json"))
    told = list(places(after))
    assert told
    for text, speaker in told:
        assert speaker in ("Anna", "Ben & Co")
        if isinstance(text, str) and " " not in text.strip():
            own = {samples.bare(word) for word, _, _ in (samples.SAID if speaker == "Anna" else samples.ANSWERED)}
            assert samples.bare(text.strip()) in {*own, ""}
    assert _without_speakers(after) == _without_speakers(before)


def _without_speakers(value):
    if isinstance(value, dict):
        return {key: _without_speakers(each) for key, each in value.items() if key != "speaker"}
    return [_without_speakers(each) for each in value] if isinstance(value, list) else value


def test_subtitles_and_tables_become_json_in_the_shape_of_whisper():
    for name in ("srt", "vtt", "csv", "tsv"):
        again = labelled(written(samples.SAMPLES[name], "json"))
        assert again.kind == "whisper"
        assert [word.text for word in again.words] == [word for word, _, _ in samples.WORDS]
        assert [one.places[0]["speaker"] for one in again.segments] == ["Anna", "Ben & Co"]


@pytest.mark.parametrize("output", ["srt", "vtt", "json"])
def test_what_is_written_can_be_labelled_again(output):
    once = written(samples.SAMPLES["whisper"], "vtt")
    assert written(once, "vtt") == once
    again = labelled(written(samples.SAMPLES["whisper"], output))
    assert [word.speaker for word in again.words if word.text in {"Good", "fine."}] == ["Anna", "Ben & Co"]


def test_cues_are_in_order_of_time_and_do_not_run_into_their_own_next_part():
    content = json.dumps(
        [
            {"start": 2.1, "end": 3.6, "text": samples.BEN},
            {"start": 0.0, "end": 1.9, "text": samples.ANNA},
        ]
    )
    assert written(content, "text") == "Anna: Good morning, Ben. You too?\n\nBen & Co: Morning! I am fine.\n"
    words = [{"word": "a", "start": 0.0, "end": 2.5}, {"word": "b", "start": 2.2, "end": 3.0}]
    crossing = json.dumps([{"start": 0.0, "end": 3.0, "text": "a b", "words": words}])
    assert written(crossing, "srt").count("00:00:02,500") == 2


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_transcript_without_words_is_written(output):
    text = written('{"segments": []}', output)
    assert text.strip() in {"", "WEBVTT"} or json.loads(text) == {"segments": []}


def test_endings_say_the_format_and_else_it_is_that_of_the_transcript():
    assert [by_suffix(suffix).name for suffix in (".SRT", ".vtt", ".json", ".txt", ".md")] == [
        "srt",
        "vtt",
        "json",
        "text",
        "markdown",
    ]
    assert by_suffix(".docx") is None
    assert [usual_output(labelled(samples.SAMPLES[name])).name for name in ("google", "srt", "vtt", "csv")] == [
        "json", "srt", "vtt", "text",
    ]  # fmt: skip
