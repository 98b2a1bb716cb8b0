"""Recognizes media files by their first bytes: for files that cannot be read, and for files sent in place of raw PCM."""

from __future__ import annotations

from speaker_tracker.audio.frame_headers import adts_header, frames_agree, mpeg_header

SIGNATURE_BYTES = 4096
"""Number of first bytes that identify a file: three frames of MP3 or AAC fit in."""

SIGNATURES = {
    b"RIFX": "a WAV file",
    b"RF64": "a WAV file",
    b"BW64": "a WAV file",
    b"riff": "a Wave64 file",
    b"ID3": "an MP3 file",
    b"fLaC": "a FLAC file",
    b"FORM": "an AIFF file",
    b".snd": "an AU file",
    b"caff": "a CAF file",
    b"#!AMR": "an AMR file",
    b"\x1aE\xdf\xa3": "a Matroska or WebM file",
    b"FLV\x01": "a Flash video",
    b"0&\xb2u\x8ef\xcf\x11": "a Windows Media file",
    b"\x00\x00\x01\xba": "an MPEG video",
    b"\x00\x00\x01\xb3": "an MPEG video",
    b"wvpk": "a WavPack file",
    b"MAC ": "a Monkey's Audio file",
    b"TTA1": "a True Audio file",
    b".RMF": "a RealMedia file",
    b"ADIF": "an AAC file",
    b"NIST_1A": "a NIST SPHERE file",
    b"Creative Voice File": "a VOC file",
}
RIFF_KINDS = {b"WAVE": "a WAV file", b"AVI ": "an AVI video"}
OGG_KINDS = {b"Speex   ": "a Speex file", b"\x80theora": "an Ogg video"}
"""Kinds by the first packet of an Ogg file; others are audio that can be read."""
OGG_PACKET = 28
"""Offset of that packet."""
ATOMS = (b"ftyp", b"moov", b"mdat", b"moof", b"styp", b"wide", b"free", b"skip")
"""First atoms of MP4 and QuickTime files; their names follow 4 bytes of length."""
TRANSPORT_PACKETS = ((0, 188), (4, 192))
"""Offset and length of packets in MPEG transport streams: plain, and with time stamps, as cameras write them."""


def media_kind(head: bytes) -> str | None:
    """The kind of file that begins with ``head``, with its article, such as "a WAV file"; None if unknown.

    ``head``: the first ``SIGNATURE_BYTES``, or fewer of a shorter file.
    """
    kind = header_kind(head)
    if kind is None:
        if frames_agree(head, adts_header, count=2) or head[:2] in (b"\xff\xf1", b"\xff\xf9"):
            return "an AAC file"
        if frames_agree(head, mpeg_header, count=2):
            return "an MP3 file"
        if head.startswith(b"\x0bw"):
            return "an AC-3 file"
    return kind


def header_kind(head: bytes) -> str | None:
    """``media_kind`` for data that should be raw PCM: None also for signatures that raw PCM may begin with."""
    if head[4:8] in ATOMS:
        return "an MP4 or QuickTime file"
    if head.startswith(b"RIFF"):
        return RIFF_KINDS.get(head[8:12], "a RIFF file" if len(head) >= 12 else "a WAV or AVI file")  # noqa: PLR2004 - all there
    if head.startswith(b"OggS"):
        return next((kind for packet, kind in OGG_KINDS.items() if head[OGG_PACKET:].startswith(packet)), "an Ogg file")
    return next((kind for signature, kind in SIGNATURES.items() if head.startswith(signature)), None) or _kind_by_repetition(head)


def _kind_by_repetition(head: bytes) -> str | None:
    """The kind of a stream without a file header, by consecutive frames or packets."""
    if any(_is_transport_stream(head, offset, distance) for offset, distance in TRANSPORT_PACKETS):
        return "an MPEG transport stream"
    if frames_agree(head, adts_header):
        return "an AAC file"
    return "an MP3 file" if frames_agree(head, mpeg_header) else None


def _is_transport_stream(head: bytes, offset: int, distance: int) -> bool:
    """Whether three different packets, neither damaged nor empty, follow each other (ISO/IEC 13818-1, 2.4.3.2)."""
    packets = [head[at : at + distance] for at in range(offset, offset + 3 * distance, distance)]
    begins = all(len(packet) > 3 and packet[0] == 0x47 and packet[1] < 0x80 and packet[3] & 0x30 for packet in packets)  # noqa: PLR2004
    return begins and packets[0] != packets[1]
