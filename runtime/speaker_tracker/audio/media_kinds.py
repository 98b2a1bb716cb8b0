"""How files of sound and video begin, for whoever was given one that cannot be read as it is."""

from __future__ import annotations

SIGNATURE_BYTES = 189
"""As much of a file's beginning as tells its kind: one packet of an MPEG transport stream, and the first byte of the next."""

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
"""A recording without a header may begin in the same way."""


def media_kind(head: bytes) -> str | None:
    """What kind of file begins with ``head``, with its article, such as "a WAV file"; None where that is not known.

    ``head``: the first ``SIGNATURE_BYTES``, or fewer of a shorter file.
    """
    if len(head) > PACKET_BYTES and head[0] == head[PACKET_BYTES] == SYNC:
        return "an MPEG transport stream"
    return header_kind(head) or _first(SHORT_SIGNATURES, head)


def header_kind(head: bytes) -> str | None:
    """As ``media_kind``, for what should be raw PCM: None for what a recording without a header may begin with as well."""
    if head[4:8] == b"ftyp":
        return "an MP4 or QuickTime file"
    if head.startswith(b"RIFF"):
        return RIFF_KINDS.get(head[8:12], "a RIFF file")
    return _first(SIGNATURES, head)


def _first(signatures: dict[bytes, str], head: bytes) -> str | None:
    return next((kind for signature, kind in signatures.items() if head.startswith(signature)), None)
