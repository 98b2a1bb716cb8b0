"""Checks the format of audio that a client announces in ``start`` against the one that is served."""

from __future__ import annotations

from speaker_tracker.errors import BadInput
from speaker_tracker.protocol import PCM_FORMAT, ErrorCode, StartCommand
from speaker_tracker.protocol.audio_format import SAMPLE_RATE

ENCODINGS = ("pcm_s16le", "s16le", "linear16", "pcm16")
"""Spellings of the encoding that is served, the first one preferred."""


def check_announced_audio(command: StartCommand) -> None:
    """Does nothing if what ``command`` says of its audio is served. Raises ``BadInput`` otherwise."""
    if command.sample_rate not in (None, SAMPLE_RATE):
        raise _unsupported(f"a sample rate of {command.sample_rate} is not served; resample the audio to {SAMPLE_RATE}")
    if command.channels not in (None, 1):
        raise _unsupported(f"audio of {command.channels} channels is not served; mix it to 1")
    if command.encoding is not None and _plain(command.encoding) not in map(_plain, ENCODINGS):
        shown = command.encoding if len(command.encoding) <= MAX_QUOTED else command.encoding[:MAX_QUOTED] + "…"
        raise _unsupported(f"the encoding {shown!r} is not served; use {ENCODINGS[0]!r}")


MAX_QUOTED = 60


def _plain(encoding: str) -> str:
    """An encoding without capitals, hyphens and underscores, in which spellings differ."""
    return encoding.lower().replace("-", "").replace("_", "")


def _unsupported(what: str) -> BadInput:
    return BadInput(ErrorCode.UNSUPPORTED_AUDIO, f"{what}, and send {PCM_FORMAT}")
