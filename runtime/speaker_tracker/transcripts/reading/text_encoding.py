"""The text of a file."""

from __future__ import annotations

import codecs

from speaker_tracker.transcripts.transcript import TranscriptError


def decoded(content: bytes, name: str) -> str:
    """UTF-8, with or without a mark at the beginning, or UTF-16 with one. Raises ``TranscriptError``.

    In JSON what is no UTF-8 becomes U+FFFD: whisper.cpp cuts characters in two where tokens end.
    """
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        if b"\0" in content[:1000]:
            raise TranscriptError(f"{name} is no text; name a transcript, and the recording by --audio") from error
        if content.lstrip()[:1] not in (b"{", b"["):
            raise TranscriptError(
                f"{name} is not UTF-8 text; convert it, such as by: iconv -f WINDOWS-1252 -t UTF-8 {name} > utf8-{name}"
            ) from error
        text = content.decode("utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
