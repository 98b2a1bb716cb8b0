"""One short conversation as each program writes it, by hand: Anna says five words until second 2, then Ben four."""

import json

SAID = [("Good", 0.0, 0.4), ("morning,", 0.4, 0.8), ("Ben.", 0.8, 1.2), ("You", 1.3, 1.5), ("too?", 1.5, 1.9)]
ANSWERED = [("Morning!", 2.1, 2.7), ("I", 2.8, 2.9), ("am", 2.9, 3.1), ("fine.", 3.1, 3.6)]
WORDS = SAID + ANSWERED
ANNA, BEN = (" ".join(word for word, _, _ in words) for words in (SAID, ANSWERED))
TEXT = f"{ANNA} {BEN}"

RTTM = """\
SPEAKER talk 1 0.000 2.000 <NA> <NA> speaker_0 <NA> <NA>
SPEAKER talk 1 2.000 1.800 <NA> <NA> speaker_1 <NA> <NA>
"""


def bare(word):
    return word.strip(",.!?").lower()


def clock(seconds, point=","):
    return f"00:00:{int(seconds):02}{point}{round(seconds * 1000) % 1000:03}"


def whisper(words=True):
    segment = {"id": 0, "seek": 0, "start": 0.0, "end": 3.6, "text": f" {TEXT}", "tokens": [50364, 2205], "temperature": 0.0,
               "avg_logprob": -0.2, "compression_ratio": 1.1, "no_speech_prob": 0.01}  # fmt: skip
    if words:
        segment["words"] = [{"word": f" {word}", "start": start, "end": end, "probability": 0.9} for word, start, end in WORDS]
    return {"text": f" {TEXT}", "segments": [segment], "language": "en"}


def whisperx():
    """The second word could not be aligned."""
    words = [{"word": word, "start": start, "end": end, "score": 0.9} for word, start, end in WORDS]
    words[1] = {"word": "morning,"}
    segment = {"start": 0.0, "end": 3.6, "text": f" {TEXT}", "words": words}
    return {"segments": [segment], "word_segments": [dict(word) for word in words], "language": "en"}


def openai_api():
    words = [{"word": bare(word), "start": start, "end": end} for word, start, end in WORDS]
    segment = {"id": 0, "start": 0.0, "end": 3.6, "text": f" {TEXT}"}
    return {"task": "transcribe", "language": "english", "duration": 3.6, "text": TEXT, "words": words, "segments": [segment]}


def faster_whisper():
    return whisper()["segments"]


def whisper_cpp(tokens=True):
    def times(start, end):
        return {
            "timestamps": {"from": clock(start), "to": clock(end)},
            "offsets": {"from": round(1000 * start), "to": round(1000 * end)},
        }

    entry = {**times(0.0, 3.6), "text": f" {TEXT}"}
    if tokens:
        entry["tokens"] = [{"text": "[_BEG_]", **times(0, 0), "id": 50364, "p": 0.9, "t_dtw": -1}]
        for word, start, end in WORDS:
            stem = word.rstrip(",.!?")
            entry["tokens"].append({"text": f" {stem}", **times(start, end), "id": 1, "p": 0.9, "t_dtw": -1})
            if word != stem:
                entry["tokens"].append({"text": word[-1], **times(end, end), "id": 2, "p": 0.9, "t_dtw": -1})
    return {
        "systeminfo": "AVX = 1",
        "model": {"type": "base", "multilingual": False},
        "params": {"model": "models/ggml-base.en.bin", "language": "en", "translate": False},
        "result": {"language": "en"},
        "transcription": [entry],
    }


def deepgram():
    def words():
        return [
            {"word": bare(word), "start": start, "end": end, "confidence": 0.9, "punctuated_word": word}
            for word, start, end in WORDS
        ]

    sentences = [{"text": ANNA, "start": 0.0, "end": 1.9}, {"text": BEN, "start": 2.1, "end": 3.6}]
    paragraphs = {"transcript": f"\n{TEXT}", "paragraphs": [{"sentences": sentences, "num_words": 9, "start": 0.0, "end": 3.6}]}
    best = {"transcript": TEXT, "confidence": 0.9, "words": words(), "paragraphs": paragraphs}
    utterance = {"start": 0.0, "end": 3.6, "confidence": 0.9, "channel": 0, "transcript": TEXT, "words": words(), "id": "a"}
    return {
        "metadata": {"request_id": "r", "duration": 3.6},
        "results": {"channels": [{"alternatives": [best]}], "utterances": [utterance]},
    }


def assemblyai():
    words = [
        {"text": word, "start": round(1000 * start), "end": round(1000 * end), "confidence": 0.9, "speaker": None}
        for word, start, end in WORDS
    ]
    utterance = {"text": TEXT, "start": 0, "end": 3600, "confidence": 0.9, "speaker": "A", "words": [dict(word) for word in words]}
    return {"id": "t", "status": "completed", "audio_url": "a.mp3", "text": TEXT, "words": words, "utterances": [utterance]}


def google():
    words = [{"startTime": f"{start:.3f}s", "endTime": f"{end:.3f}s", "word": word} for word, start, end in WORDS]
    del words[0]["startTime"]
    best = {"transcript": TEXT, "confidence": 0.9, "words": words}
    return {"results": [{"alternatives": [best], "resultEndTime": "3.600s", "languageCode": "en-us"}]}


SRT = f"1\n00:00:00,000 --> 00:00:01,900\n{ANNA}\n\n2\n00:00:02,100 --> 00:00:03,600\n<i>Morning!</i>\nI am fine.\n"
VTT = f"""\
WEBVTT

STYLE
::cue(v) {{ color: lime }}

NOTE by hand

00:00.000 --> 00:01.900 align:start
<v Somebody>{ANNA}

two
00:02.100 --> 00:03.600
<i>Morning!</i>
I am fine.
"""
CSV = f'start,end,text\n0.0,1.9,"{ANNA}"\n2.1,3.6,"{BEN}"\n'
TSV = f"start\tend\ttext\n0\t1900\t{ANNA}\n2100\t3600\t{BEN}\n"

SAMPLES = {
    "whisper": json.dumps(whisper()),
    "whisper without words": json.dumps(whisper(words=False)),
    "whisperx": json.dumps(whisperx()),
    "openai_api": json.dumps(openai_api()),
    "faster_whisper": json.dumps(faster_whisper()),
    "whisper.cpp": json.dumps(whisper_cpp()),
    "whisper.cpp without tokens": json.dumps(whisper_cpp(tokens=False)),
    "deepgram": json.dumps(deepgram()),
    "assemblyai": json.dumps(assemblyai()),
    "google": json.dumps(google()),
    "srt": SRT,
    "vtt": VTT,
    "csv": CSV,
    "tsv": TSV,
}
