import webvtt

from speaker_tracker.results.formats import FORMATS


def test_cues_are_read_back(tracked):
    cues = webvtt.from_string(FORMATS["vtt"].render(tracked)).captions
    assert [(cue.start, cue.end, cue.voice, cue.text) for cue in cues] == [
        ("00:00:01.000", "00:00:02.000", "Speaker 0", "Speaker 0"),
        ("00:00:02.000", "00:00:04.050", "Speaker 1", "Speaker 1"),
        ("01:02:03.400", "01:02:05.001", "Speaker 0", "Speaker 0"),
    ]


def test_silence_is_a_file_without_cues(silent):
    assert webvtt.from_string(FORMATS["vtt"].render(silent)).captions == []


def test_channels_are_in_the_names_of_voices(call):
    assert [cue.voice for cue in webvtt.from_string(FORMATS["vtt"].render(call)).captions] == [
        "Speaker 0 (channel 1)",
        "Speaker 1 (channel 2)",
        "Speaker 0 (channel 1)",
    ]


def test_speakers_who_speak_at_once_share_a_cue_with_a_line_each(overlapping):
    cues = webvtt.from_string(FORMATS["vtt"].render(overlapping)).captions
    assert [(cue.start, cue.end, cue.text) for cue in cues] == [
        ("00:00:01.000", "00:00:02.000", "Speaker 0"),
        ("00:00:02.000", "00:00:03.000", "Speaker 0\nSpeaker 1"),
        ("00:00:03.000", "00:00:04.000", "Speaker 0"),
        ("00:00:04.000", "00:00:04.500", "Speaker 1"),
        ("00:00:05.000", "00:00:06.000", "Speaker 0\nSpeaker 1"),
    ]


def test_names_are_as_they_were_given(named):
    text = FORMATS["vtt"].render(named)
    assert "<v Anna &lt;Maria&gt; McBerg &amp; Co>Anna &lt;Maria&gt; McBerg &amp; Co</v>" in text
    assert "<v Speaker 0>Speaker 0</v>" in text
