"""What is said of audio that is not the PCM of the protocol."""

from __future__ import annotations

from speaker_tracker.protocol import PCM_FORMAT, HintCode
from speaker_tracker_stages.pcm_format.verdict import Verdict
from speaker_tracker_stages.pcm_format.watch import Finding

LOOKS = {
    Verdict.BIG_ENDIAN: "16-bit samples in big-endian byte order",
    Verdict.SHIFTED: "16-bit samples that are shifted by one byte",
    Verdict.INT24: "24-bit integers",
    Verdict.INT24_BIG_ENDIAN: "24-bit integers in big-endian byte order",
    Verdict.INT32: "32-bit integers",
    Verdict.INT32_BIG_ENDIAN: "32-bit integers in big-endian byte order",
    Verdict.UNSIGNED_8: "unsigned 8-bit samples",
    Verdict.SIGNED_8: "signed 8-bit samples",
    Verdict.MULAW: "mu-law samples (G.711) of 8 bits",
    Verdict.ALAW: "A-law samples (G.711) of 8 bits",
    Verdict.FLOAT32: "32-bit floating-point samples",
    Verdict.FLOAT64: "64-bit floating-point samples",
    Verdict.STEREO: "two interleaved channels (stereo)",
    Verdict.HALF_SILENT: "32-bit integers, or two interleaved channels (stereo) of which one is silent",
    Verdict.EQUAL_PAIRS: "two interleaved channels (stereo) that are equal, or samples that are each sent twice",
    Verdict.OPPOSITE_PAIRS: "two interleaved channels (stereo) in opposite phase",
    Verdict.TEXT: "text, such as base64",
    Verdict.NARROW: "of 44.1 or 48 kHz, as nothing is above 3 kHz: speech then seems three times too slow",
}
"""What each verdict but the right one looks like."""

STEREO = frozenset({Verdict.STEREO, Verdict.HALF_SILENT, Verdict.EQUAL_PAIRS, Verdict.OPPOSITE_PAIRS})


def sentence(finding: Finding) -> str:
    """What the audio looks like and what is right."""
    manner = "looks like" if finding.is_sure else "may be"
    return f"the audio {manner} {LOOKS[finding.verdict]}; send {PCM_FORMAT}"


def hint_code(verdict: Verdict) -> HintCode:
    """The code of a hint about this verdict."""
    if verdict is Verdict.NARROW:
        return HintCode.SAMPLE_RATE
    return HintCode.STEREO if verdict in STEREO else HintCode.AUDIO_FORMAT
