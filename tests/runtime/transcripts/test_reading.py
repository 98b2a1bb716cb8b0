"""What each program writes is recognized and read; what cannot be read is told with what is right."""

import json

import pytest

from speaker_tracker.transcripts.reading import KINDS, read_transcript
from speaker_tracker.transcripts.transcript import TranscriptError, joined
from support import transcript_samples as samples

KIND_OF = {"whisper without words": "whisper", "whisperx": "whisper", "openai_api": "whisper", "faster_whisper": "whisper",
           "whisper.cpp without tokens": "whisper.cpp"}  # fmt: skip
WITH_WORD_TIMES = ["whisper", "whisperx", "openai_api", "faster_whisper", "whisper.cpp", "deepgram", "assemblyai", "google"]


def read(content, kind=None):
    return read_transcript(content.encode() if isinstance(content, str) else content, "talk", kind)


def texts(transcript):
    return [word.text for word in transcript.words]


def times(transcript):
    return [(word.start, word.end) for word in transcript.words]


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_kind_is_recognized_and_the_words_are_those_that_were_said(name):
    transcript = read(samples.SAMPLES[name])
    assert transcript.kind == KIND_OF.get(name, name)
    assert texts(transcript) == [word for word, _, _ in samples.WORDS]
    assert " ".join(joined(segment.words) for segment in transcript.segments) == samples.TEXT


@pytest.mark.parametrize("name", WITH_WORD_TIMES)
def test_words_have_the_times_that_the_program_gives_them(name):
    told = [time for each in times(read(samples.SAMPLES[name])) for time in each]
    assert told == pytest.approx([time for _, start, end in samples.WORDS for time in (start, end)])


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_kind_can_be_named(name):
    assert texts(read(samples.SAMPLES[name], KIND_OF.get(name, name))) == texts(read(samples.SAMPLES[name]))


def test_words_without_times_share_those_of_their_segment_by_characters():
    assert times(read('[{"start": 10, "end": 14, "text": " aa bbbb  cc"}]')) == [(10.0, 11.0), (11.0, 13.0), (13.0, 14.0)]


def test_a_word_that_was_not_aligned_lies_between_its_neighbours():
    words = [
        {"word": "a", "start": 1.0, "end": 2.0},
        {"word": "1,5"},
        {"word": "%"},
        {"word": "b", "start": 4.0, "end": 5.0},
        {"word": "c"},
    ]
    segment = {"start": 1.0, "end": 6.0, "text": "a 1,5 % b c", "words": words}
    assert times(read(json.dumps({"segments": [segment]}))) == [(1, 2), (2, 3.5), (3.5, 4), (4, 5), (5, 6)]


def test_nan_is_a_time_that_is_not_known():
    words = [{"word": "a", "start": 0.0, "end": 1.0}, {"word": "b", "start": float("nan"), "end": float("nan")}]
    assert times(read(json.dumps([{"start": 0, "end": 3, "text": "a b", "words": words}]))) == [(0, 1), (1, 3)]


def test_tokens_are_joined_to_words():
    transcript = read(samples.SAMPLES["whisper.cpp"])
    assert [len(word.places) for word in transcript.words] == [1, 2, 2, 1, 2, 2, 1, 1, 2]


def test_a_token_without_time_comes_where_the_one_before_it_ends():
    document = samples.whisper_cpp()
    for token in document["transcription"][0]["tokens"][2:4]:  # the word "morning" and its comma
        del token["offsets"], token["timestamps"]
    assert times(read(json.dumps(document)))[:3] == [(0, 0.4), (0.4, 0.4), (0.8, 1.2)]


def test_tokens_that_cut_characters_in_two_are_replaced_by_the_text():
    document = samples.whisper_cpp()
    document["transcription"][0]["text"] = " né"
    document["transcription"][0]["tokens"] = document["transcription"][0]["tokens"][:1]
    content = json.dumps(document, ensure_ascii=False).encode().replace(b'"[_BEG_]"', b'" n\xc3"')
    assert texts(read(content)) == ["né"]


def test_long_lists_of_words_become_segments_that_can_be_read():
    document = samples.assemblyai()
    assert [joined(one.words) for one in read(json.dumps(document)).segments] == [
        "Good morning, Ben.", "You too?", "Morning!", "I am fine.",
    ]  # fmt: skip
    document["words"] = [{"text": f"word{n}", "start": 300 * n, "end": 300 * n + 200} for n in range(100)]
    document["words"] += [{"text": "later", "start": 90_000, "end": 90_200}]
    segments = read(json.dumps(document)).segments
    assert max(one.end - one.start for one in segments) <= 7
    assert max(len(joined(one.words)) for one in segments) <= 84
    assert joined(segments[-1].words) == "later"


def test_sentences_of_assemblyai_are_segments():
    document = {"sentences": samples.assemblyai()["utterances"], "id": "t", "confidence": 0.9}
    (segment,) = read(json.dumps(document)).segments
    assert joined(segment.words) == samples.TEXT


def test_google_answers_of_operations_batches_and_the_second_version_are_read():
    plain = samples.google()
    second = json.loads(
        json.dumps(plain).replace("startTime", "startOffset").replace("EndTime", "EndOffset").replace("endTime", "endOffset")
    )
    python = json.loads(json.dumps(plain).replace("startTime", "start_time").replace("endTime", "end_time"))
    python["results"][0]["alternatives"][0]["words"][0]["end_time"] = {"nanos": 400_000_000}
    batch = {"results": {"gs://bucket/talk.wav": {"uri": "gs://out", "transcript": second}}}
    for document in (second, python, {"name": "1", "done": True, "response": plain}, batch):
        transcript = read(json.dumps(document))
        assert (transcript.kind, times(transcript)) == ("google", times(read(samples.SAMPLES["google"])))


def test_words_that_google_repeats_with_its_own_speakers_are_read_once():
    document = samples.google()
    (first,) = document["results"]
    document["results"].append(
        {"alternatives": [{"words": [{**one, "speakerTag": 1} for one in first["alternatives"][0]["words"]]}]}
    )
    transcript = read(json.dumps(document))
    assert len(transcript.words) == 9
    assert sum(len(one.words) for one in transcript.echoes) == 9


def test_results_of_google_without_words_follow_one_another():
    results = [{"alternatives": [{"transcript": text}], "resultEndTime": end} for text, end in (("one", "2s"), (" two", "5.5s"))]
    assert times(read(json.dumps({"results": results}))) == [(0, 2), (2, 5.5)]


def test_tags_and_voices_of_subtitles_are_no_words():
    srt = read('1\n0:0:1,0 --> 0:0:2,0\n{\\an8}<font color="red">a</font> < b <3\n')
    assert texts(srt) == ["a", "<", "b", "<3"]
    vtt = read("WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Bob><c.x>Tom</c> &amp; <00:00:01.500>J&lt;&gt;\n")
    assert texts(vtt) == ["Tom", "&", "J<>"]


def test_subtitles_of_other_systems_are_read():
    assert texts(read(b"\xef\xbb\xbf" + samples.SRT.replace("\n", "\r\n").encode())) == texts(read(samples.SRT))
    assert texts(read(samples.VTT.encode("utf-16"))) == texts(read(samples.VTT))


def test_tables_are_read_with_or_without_names_and_in_whatever_unit():
    for table in ("0\t1.5\ta b\n1.5\t2\tc\n", "0,1.5,a b\n1.5,2,c\n", "text,end,start\na b,1.5,0\nc,2,1.5\n"):
        assert times(read(table)) == [(0, 0.75), (0.75, 1.5), (1.5, 2)]
    assert times(read("0:00:01.5\t1:00:02,5\ta\n")) == [(1.5, 3602.5)]
    assert times(read(samples.TSV))[-1][1] == 3.6
    assert times(read("start\tend\ttext\n0\t2\tA sentence in whole seconds.\n"))[-1][1] == 2


def test_text_in_tables_may_hold_commas_and_quotation_marks():
    assert texts(read("0,1,yes, no\n")) == ["yes,", "no"]
    assert texts(read('0\t1\t"Yes" he\n1\t2\tsaid\n')) == ['"Yes"', "he", "said"]
    assert texts(read('0, 1, "yes, no"\n')) == ["yes,", "no"]
    assert texts(read('0,1,"say ""yes"", please"\n')) == ["say", '"yes",', "please"]


def test_characters_are_words_where_no_spaces_are_written():
    transcript = read('[{"start": 0, "end": 4, "text": "你好。OK 再见"}]')
    assert texts(transcript) == ["你", "好。", "OK", "再", "见"]
    assert joined(transcript.words) == "你好。OK 再见"


def test_words_keep_the_spaces_of_the_text():
    words = [{"word": one, "start": n, "end": n + 1} for n, one in enumerate("你好 吗".replace(" ", ""))]
    (segment,) = read(json.dumps([{"start": 0, "end": 3, "text": "你好 吗？", "words": words}])).segments  # noqa: RUF001 - as it is written
    assert joined(segment.words) == "你好 吗？"  # noqa: RUF001 - as it is written


def test_segments_one_a_line_are_read():
    lines = "\n".join(json.dumps(one) for one in samples.faster_whisper() * 2)
    assert len(read(lines).segments) == 2


@pytest.mark.parametrize("content", ['{"segments": []}', "[]", "WEBVTT\n", '{"transcription": []}', '{"results": []}'])
def test_a_transcript_without_words_is_one(content):
    assert read(content).words == []


def test_ends_before_their_starts_are_moved_to_them():
    assert times(read('[{"start": 5, "end": 4, "text": "a"}]')) == [(5, 5)]
    assert times(read("1\n00:00:05,000 --> 00:00:04,000\na\n")) == [(5, 5)]


WRONG = [
    (b"", None, "talk is empty; name the transcript"),
    (" \n", None, "talk is empty"),
    ("Hello, how are you", None, "begins with 'Hello, how are you' and is no transcript with times; there are JSON"),
    (b"RIFF\x00\x00\xff\xfe\x00WAVE", None, "talk is no text; name a transcript, and the recording by --audio"),
    ("1\n00:00:01,000 --> 00:00:02,000\ncaf\u00e9\n".encode("latin-1"), None, "iconv -f WINDOWS-1252 -t UTF-8"),
    ('{"segments": [', None, "looks like JSON, but is cut off or damaged: Expecting value"),
    ('{"a": 1}', None, "JSON with the keys a, which is no transcript that is known: Whisper's"),
    ('{"jobName": "a", "results": {"transcripts": [], "items": []}}', None, "JSON with the keys jobName, results, which is no"),
    ("[1, 2]", None, "JSON with a list, which is no"),
    ("3", None, "JSON with a int alone"),
    ('{"text": "Hi."}', "whisper", "text without times; ask your program for segments"),
    ('{"segments": [{"text": "Hi."}]}', None, r"segments\[0\]: a segment needs start and end, and this one has text"),
    ('{"segments": [{"start": "1", "end": 2, "text": ""}]}', None, "start must be a time of 0 or more, not '1'"),
    ('{"segments": [{"start": -1, "end": 2, "text": ""}]}', None, "not '-1'"),
    ('{"segments": 3}', None, "segments must be a list of objects"),
    ('{"transcription": [{"text": "a"}]}', None, "needs offsets with from and to, as whisper.cpp writes"),
    ('{"results": {"channels": [{"alternatives": [{"transcript": "a"}]}]}}', None, "transcript without words; keep `words`"),
    ('{"audio_url": "a", "status": "processing"}', None, "status 'processing'; ask for it again"),
    ('{"audio_url": "a", "status": "error", "error": "No sound"}', None, "status 'error': No sound"),
    ('{"audio_url": "a", "status": "completed", "text": "a"}', None, "text without words"),
    ('{"results": [{"alternatives": [{"transcript": "a"}]}]}', None, "enableWordTimeOffsets"),
    ('{"results": [{"alternatives": [{"words": [{"word": "a"}]}]}]}', None, "words have no times"),
    ('{"results": [{"alternatives": [{"words": [{"word": "a", "endTime": "soon"}]}]}]}', None, "'1.400s', not 'soon'"),
    (samples.SAMPLES["deepgram"], "google", "looks like JSON of deepgram, not of google; leave out --from"),
    (samples.SAMPLES["deepgram"], "srt", "is JSON, not srt; leave out --from"),
    (samples.SRT, "whisper", "is no JSON, which whisper writes"),
    (samples.CSV, "srt", "cannot be read as srt; such a file has a number"),
    (samples.SRT, "vtt", "cannot be read as vtt; such a file begins with the line WEBVTT"),
    ("WEBVTT\n\n1 --> 2\na\n", None, "has no cue of WebVTT that can be read"),
    ("start,end,text\n0,1,a\nx,2,b\n", None, "row 3: 'x | 2 | b' lacks start, end or text; times are seconds"),
    ("a,b\n", "csv", "row 1: 'a | b' lacks"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "sentence"), WRONG)
def test_what_cannot_be_read_is_told_with_what_is_right(content, kind, sentence):
    with pytest.raises(TranscriptError, match=sentence):
        read(content, kind)


def test_every_kind_has_a_sample():
    assert {KIND_OF.get(name, name) for name in samples.SAMPLES} == set(KINDS)
