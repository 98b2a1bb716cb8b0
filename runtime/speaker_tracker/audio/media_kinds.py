"""Recognizes media files by their first bytes, for error messages about files that cannot be read."""

from __future__ import annotations

SIGNATURE_BYTES = 189
"""Number of first bytes that identify a file: a packet of an MPEG transport stream, and the first byte of the next."""

PACKET_BYTES = 188
SYNC = 0x47

SIGNATURES = {
    b"RIFX": "a WAV file",
    b"RF64": "a WAV file",
    b"riff": "a Wave64 file",
    b"ID3": "an MP3 file",
    b"OggS": "an Ogg file",
    b"fLaC": "a FLAC file",
    b"FORM": "an AIFF file",
    b".snd": "an AU file",
    b"caff": "a CAF file",
    b"#!AMR": "an AMR file",
    b"\x1aE\xdf\xa3": "a Matroska or WebM file",
    b"FLV\x01": "a Flash video",
    b"0&\xb2u\x8ef\xcf\x11": "a Windows Media file",
    b"\x00\x00\x01\xba": "an MPEG video",
}
RIFF_KINDS = {b"WAVE": "a WAV file", b"AVI ": "an AVI video"}
SHORT_SIGNATURES = {b"\xff\xf1": "an AAC file", b"\xff\xf9": "an AAC file", b"\x0bw": "an AC-3 file"}
"""Kinds whose signatures may also occur at the start of raw PCM."""


def media_kind(head: bytes) -> str | None:
    """The kind of file that begins with ``head``, with its article, such as "a WAV file"; None if unknown.

    ``head``: the first ``SIGNATURE_BYTES``, or fewer of a shorter file.
    """
    if len(head) > PACKET_BYTES and head[0] == head[PACKET_BYTES] == SYNC:
        return "an MPEG transport stream"
    return header_kind(head) or _first(SHORT_SIGNATURES, head)


def header_kind(head: bytes) -> str | None:
    """``media_kind`` for data that should be raw PCM: None also for signatures that raw PCM may begin with."""
    if head[4:8] == b"ftyp":
        return "an MP4 or QuickTime file"
    if head.startswith(b"RIFF"):
        return RIFF_KINDS.get(head[8:12], "a RIFF file")
    return _first(SIGNATURES, head)


def _first(signatures: dict[bytes, str], head: bytes) -> str | None:
    return next((kind for signature, kind in signatures.items() if head.startswith(signature)), None)
