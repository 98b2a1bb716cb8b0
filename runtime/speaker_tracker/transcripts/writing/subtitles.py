"""SRT and WebVTT with the speaker of each cue."""

from __future__ import annotations

from html import escape
from io import StringIO

from speaker_tracker.transcripts.cues import Cue, cues_of
from speaker_tracker.transcripts.transcript import Transcript
from speaker_tracker.transcripts.webvtt_py import webvtt_module


def srt(transcript: Transcript) -> str:
    """SRT: ``Anna: `` before the text of each cue. Tags of an SRT file stay in cues of one speaker."""
    return _written(transcript, "srt")


def webvtt(transcript: Transcript) -> str:
    """WebVTT: the speaker of each cue is its voice span, ``<v Anna>``. Tags, styles and places of a WebVTT file stay."""
    return _written(transcript, "vtt")


def _written(transcript: Transcript, kind: str) -> str:
    library = webvtt_module()
    own = transcript.kind == kind
    captions = library.WebVTT()
    for cue in cues_of(transcript.segments):
        payload = _srt_text(cue, own=own) if kind == "srt" else _vtt_text(cue, own=own)
        captions.captions.append(
            library.Caption(_time(cue.start), _time(cue.end), payload.split("\n"), settings=cue.settings if own else None)
        )
    if kind == "vtt":
        captions.styles.extend(library.Style(text) for text in transcript.styles)
    file = StringIO()
    captions.write(file, format=kind, keep_formatting=True)
    return file.getvalue().rstrip("\n") + "\n"


def _srt_text(cue: Cue, *, own: bool) -> str:
    text = cue.markup if own and cue.markup is not None else cue.text
    return text if cue.speaker is None else f"{cue.speaker}: {text}"


def _vtt_text(cue: Cue, *, own: bool) -> str:
    text = cue.markup if own and cue.markup is not None else escape(cue.text, quote=False)
    return text if cue.speaker is None else f"<v {escape(cue.speaker, quote=False)}>{text}"


def _time(seconds: float) -> str:
    minutes, ms = divmod(round(1000 * seconds), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}.{ms % 1000:03}"
