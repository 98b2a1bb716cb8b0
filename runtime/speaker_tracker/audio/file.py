"""Reads audio files as the PCM that sessions accept: 16 kHz, 16-bit, mono; or channel by channel."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from stat import S_ISDIR, S_ISREG

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from speaker_tracker.audio.caf import caf_layout
from speaker_tracker.audio.concatenated import concatenated_layout
from speaker_tracker.audio.decoding import DecodingError, opened
from speaker_tracker.audio.flac import flac_layout
from speaker_tracker.audio.layout import Decoder, Layout, Part, native
from speaker_tracker.audio.media_kinds import SIGNATURE_BYTES, media_kind
from speaker_tracker.audio.mixing import Mixer
from speaker_tracker.audio.mp3 import mp3_layout, tag_length
from speaker_tracker.audio.ogg import ogg_layout
from speaker_tracker.audio.pcm import encode_pcm
from speaker_tracker.audio.wav import wav_layout
from speaker_tracker.errors import UserError
from speaker_tracker.events.audio import SAMPLE_RATE

SHORTER_SECONDS = {Decoder.LIBSNDFILE: 0.1, Decoder.FLAC: 0.1, Decoder.MP3: 0.25}
"""Seconds by which a part may be shorter than stated: encoders round, and padding of MP3 encoders is removed."""
WRONG_SIZE = re.compile(r"(?:data|riff|SSND|Data Size) *: \d+ \(should be \d+\)")
"""Lines in libsndfile's log about WAV, Wave64, AIFF and AU files that are shorter than their headers state."""
MPEG_ENDINGS = (".mp3", ".mp2", ".mpga")
OTHER_ENDINGS = {
    "AIFF": ("aif", "aifc"),
    "AU": ("snd",),
    "MP3": ("mp2",),
    "NIST": ("sph",),
    "OGG": ("oga", "opus"),
}
"""File name endings of formats that libsndfile calls by another name."""
NO_RECORDINGS = ("RAW", "MAT4", "MAT5")
"""Formats of libsndfile that are not audio files: raw samples, and matrices."""
READ_KINDS = frozenset(
    f"{kind} file"
    for kind in ("a WAV", "a Wave64", "an MP3", "an Ogg", "a FLAC", "an AIFF", "an AU", "a CAF", "a VOC", "a NIST SPHERE")
)
"""Kinds, as named by ``media_kind``, of files that libsndfile reads unless they are damaged."""


class AudioFileError(UserError):
    """A file cannot be used as audio."""


def audio_endings() -> frozenset[str]:
    """File name endings that libsndfile reads, in lower case, with the dot."""
    formats = [name for name in soundfile.available_formats() if name not in NO_RECORDINGS]
    return frozenset(f".{ending}" for name in formats for ending in (name.lower(), *OTHER_ENDINGS.get(name, ())))


class AudioFile:
    """A file that libsndfile reads (WAV, FLAC, Ogg, MP3 …), of any sample rate and number of channels; it may be damaged.

    ``seconds``: its duration, above 0: as stated by its header at first, and as read once it has been read to its end.
    ``channels``: number of channels. ``notes``: sentences for the user, such as what is damaged, once it has been read.
    ``unread``: a sentence about a part that could not be read, None if there is none. Raises ``AudioFileError`` if the file is
    missing, unreadable or has no samples.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.unread: str | None = None
        self._check_readable()
        try:
            self._layout = self._found_layout()
        except (OSError, ValueError) as error:
            raise AudioFileError(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}") from error
        self.channels, self._stated = 0, 0.0
        reason: DecodingError | None = None
        for part in self._layout.parts:
            try:
                channels, seconds = self._stated_of(part)
            except DecodingError as error:  # reported at the end, unless no part can be read
                reason = reason or error
                continue
            self.channels = self.channels or channels
            self._stated += seconds
        if not self.channels:
            raise AudioFileError(self._unreadable(str(reason))) from reason
        if self._stated <= 0:
            raise AudioFileError(f"{path} holds no audio: it has a header but no samples")
        self.seconds: float = self._stated

    def frames(self, frame_ms: int = 100) -> Iterator[bytes]:
        """The audio as signed 16-bit little-endian mono PCM at 16 kHz, in frames of ``frame_ms``; the last one may be shorter.

        Channels are averaged; see ``Mixer``. The file is read and resampled in blocks, so memory does not grow with its length.
        Raises ``AudioFileError`` if nothing of it can be read.
        """
        size = SAMPLE_RATE * frame_ms // 1000 * 2
        held = bytearray()
        for samples in self._resampled(None):
            held += encode_pcm(samples[:, 0])
            whole = len(held) - len(held) % size
            for offset in range(0, whole, size):
                yield bytes(held[offset : offset + size])
            del held[:whole]
        if held:
            yield bytes(held)

    def check_whole(self) -> None:
        """Raises ``AudioFileError`` if a part could not be read."""
        if self.unread is not None:
            raise AudioFileError(self.unread)

    def channel_blocks(self) -> Iterator[NDArray[np.float32]]:
        """The audio at 16 kHz without mixing: float32 blocks of any length, shape ``(n, channels)``. Raises as ``frames`` does."""
        return self._resampled(self.channels)

    def _resampled(self, channels: int | None) -> Iterator[NDArray[np.float32]]:
        """Blocks of shape ``(n, channels)``, or ``(n, 1)``, mixed, if it is None; fills ``notes`` and ``unread`` at the end."""
        self.notes, self.unread = [], None
        counts, mixers, reason = Counter[int](), list[Mixer](), None
        for part in self._layout.parts:
            try:
                with opened(self.path, part) as sound:
                    mixers.append(Mixer(sound.rate, sound.channels))
                    resampler = soxr.ResampleStream(sound.rate, SAMPLE_RATE, channels or 1, dtype="float32")
                    for block in sound.blocks:
                        counts[sound.rate] += len(block)
                        np.clip(np.nan_to_num(block, copy=False), -1.0, 1.0, out=block)  # floats may exceed [-1, 1] or be NaN
                        wanted = mixers[-1].mix(block)[:, None] if channels is None else _spread(block, channels)
                        yield wanted if sound.rate == SAMPLE_RATE else resampler.resample_chunk(wanted)
                    if sound.rate != SAMPLE_RATE:
                        yield resampler.resample_chunk(np.zeros((0, channels or 1), np.float32), last=True)
            except DecodingError as error:
                reason = str(error)
        heard = sum(count / rate for rate, count in counts.items())
        self._tell(heard, reason, [mixer.note for mixer in mixers if mixer.note is not None])

    def _tell(self, heard: float, reason: str | None, phases: Sequence[str]) -> None:
        damage = self._layout.damage
        if not heard:
            nothing = f"nothing can be decoded of the {self._stated:.1f} s that its header says"
            raise AudioFileError(self._unreadable(reason or nothing))
        if damage is None and heard < self._stated - sum(SHORTER_SECONDS[part.decoder] for part in self._layout.parts):
            damage = f"its header says {self._stated:.1f} s"
        self.seconds = heard
        if reason is not None:
            self.unread = f"{self.path} could only be read in part, {heard:.1f} s of it: {reason}"
        elif damage is not None:
            self.notes.append(f"{self.path} is damaged: {damage}; {heard:.1f} s of it were read")
        self.notes += [f"{self.path} {phase}" for phase in phases]

    def _found_layout(self) -> Layout:
        kind = self._kind()
        layout = None
        if kind == "an MP3 file" or (kind is None and self.path.suffix.lower() in MPEG_ENDINGS):
            layout = mp3_layout(self.path)
            if kind is not None and not layout.parts:
                raise AudioFileError(f"{self.path} cannot be read as audio: there are no MP3 frames in it")
        elif kind == "a FLAC file":
            layout = flac_layout(self.path)
        elif kind == "an Ogg file":
            layout = ogg_layout(self.path)
        elif kind == "a WAV file":
            layout = wav_layout(self.path)
        elif kind is not None:
            layout = concatenated_layout(self.path, kind) or (caf_layout(self.path) if kind == "a CAF file" else None)
        return layout if layout is not None and layout.parts else self._as_libsndfile_has_it()

    def _as_libsndfile_has_it(self) -> Layout:
        try:
            with soundfile.SoundFile(native(self.path)) as file:
                wrong = WRONG_SIZE.search(file.extra_info)
        except soundfile.LibsndfileError as error:
            raise AudioFileError(self._unreadable(error.error_string.strip().rstrip("."))) from error
        return Layout([Part(Decoder.LIBSNDFILE)], None if wrong is None else "it is shorter than its header says")

    def _stated_of(self, part: Part) -> tuple[int, float]:
        """Number of channels and duration in seconds, counted if it is not stated."""
        with opened(self.path, part) as sound:
            seconds = sound.seconds if part.seconds is None else part.seconds
            if seconds is None:
                seconds = sum(len(block) for block in sound.blocks) / sound.rate
            return sound.channels, seconds

    def _kind(self) -> str | None:
        """The kind of media; an ID3 tag, which MP3, FLAC and AAC files may begin with, is skipped."""
        with self.path.open("rb") as file:
            head = file.read(SIGNATURE_BYTES)
            if head.startswith(b"ID3"):
                file.seek(tag_length(head))
                return media_kind(file.read(SIGNATURE_BYTES)) or "an MP3 file"
        return media_kind(head)

    def _unreadable(self, reason: str) -> str:
        kind = self._kind()
        if kind is None or kind in READ_KINDS:
            return f"{self.path} cannot be read as audio: {reason}; WAV, FLAC, Ogg and MP3 files can be"
        sound = self.path.with_suffix(".wav")
        if sound == self.path:
            sound = self.path.with_name(f"{self.path.stem}-sound.wav")
        command = shlex.join(["ffmpeg", "-i", str(self.path), "-vn", "-ac", "1", "-ar", str(SAMPLE_RATE), str(sound)])
        return f"{self.path} is {kind}, which libsndfile cannot read; make a WAV file of its sound first: {command}"

    def _check_readable(self) -> None:
        try:
            mode = self.path.stat().st_mode
            if S_ISDIR(mode):
                raise AudioFileError(f"{self.path} is a folder; name an audio file in it")
            if not S_ISREG(mode):  # reading from a pipe would consume its beginning
                raise AudioFileError(
                    f"{self.path} is no regular file, as audio files are; pipe raw PCM into `speaker-tracker stream -` instead"
                )
            with self.path.open("rb") as file:
                empty = not file.read(1)
        except FileNotFoundError as error:
            raise AudioFileError(f"there is no file {self.path}") from error
        except (OSError, ValueError) as error:
            raise AudioFileError(f"{self.path} cannot be opened: {getattr(error, 'strerror', None) or error}") from error
        if empty:
            raise AudioFileError(f"{self.path} is empty")


def _spread(block: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """The block with this many channels: further ones are dropped, missing ones are copies of the last."""
    return block[:, np.minimum(np.arange(channels), block.shape[1] - 1)]
