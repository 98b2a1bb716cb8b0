"""``frame_decoder``: decodes binary frames of PCM to blocks of float32 samples.

Blocks lie on a fixed grid whatever frames the client sends, so no later stage depends on the frames' length. A gap begins the grid
anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, cast

from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.audio.pcm import decode_pcm
from speaker_tracker.errors import BadInput
from speaker_tracker.events import AudioBlock, AudioClock, AudioGap, Event, PcmReceived
from speaker_tracker.protocol import PCM_FORMAT, ErrorCode
from speaker_tracker.stage import Answer, LoadedStage, StageBase, StageOptions, StageSpec, State

MAGIC_NUMBERS = {
    b"RIFF": "a WAV file (RIFF header)",
    b"RIFX": "a WAV file (RIFX header)",
    b"ID3": "an MP3 file (ID3 tag)",
    b"OggS": "an Ogg file (Vorbis or Opus)",
    b"fLaC": "a FLAC file",
    b"FORM": "an AIFF file",
    b".snd": "an AU file",
    b"\x1aE\xdf\xa3": "a WebM or Matroska file",
    b"RF64": "a WAV file (RF64 header)",
    b"riff": "a Wave64 file",
    b"caff": "a CAF file",
    b"#!AMR": "an AMR file",
}
"""First bytes of sound files that are sent by mistake, and what they are called in the error."""
LONGEST_MAGIC = max(map(len, MAGIC_NUMBERS))


class FrameDecoderOptions(StageOptions):
    """Options of ``frame_decoder``."""

    block_samples: Annotated[int, Field(ge=32, le=16_000)] = Field(512, description="samples in a block; 512 are 32 ms")


class FrameDecoder(StageBase):
    """One session's decoder; holds less than a block of audio between two frames."""

    def __init__(self, options: FrameDecoderOptions) -> None:
        self._block_bytes = 2 * options.block_samples
        self._rest = b""
        self._position = 0
        self._head = b""

    def feed(self, event: Event) -> Iterator[Answer]:
        """Answers PCM with blocks, each followed by the clock, and a gap with one where the audio so far ends.

        Raises ``BadInput`` for odd lengths and for files with a header.
        """
        if isinstance(event, AudioGap):
            yield from self.flush()
            yield from self._skip(event.end - event.start)
            return
        if not isinstance(event, PcmReceived):
            yield event
            return
        self._check(event.data)
        data = self._rest + event.data
        whole = len(data) - len(data) % self._block_bytes
        self._rest = data[whole:]
        for offset in range(0, whole, self._block_bytes):
            yield from self._decode(data[offset : offset + self._block_bytes])

    def flush(self) -> Iterator[Answer]:
        """Answers with the last, shorter block."""
        if self._rest:
            yield from self._decode(self._rest)
            self._rest = b""

    def snapshot(self) -> State:
        """Position after the last whole block, from which on audio has to be sent again; later samples are audio and left out."""
        return {"position": self._position}

    def restore(self, state: State) -> None:
        """Goes on after the last whole block."""
        self._position = cast(int, state["position"])
        self._head = bytes(LONGEST_MAGIC)

    def _decode(self, data: bytes) -> Iterator[Event]:
        block = AudioBlock(self._position, decode_pcm(data))
        self._position = block.end
        yield block
        yield AudioClock(self._position)

    def _skip(self, length: int) -> Iterator[Event]:
        gap = AudioGap(self._position, self._position + length)
        self._position = gap.end
        yield gap
        yield AudioClock(self._position)

    def _check(self, data: bytes) -> None:
        if len(self._head) < LONGEST_MAGIC:
            self._head += data[: LONGEST_MAGIC - len(self._head)]
            for magic, what in MAGIC_NUMBERS.items():
                if self._head.startswith(magic):
                    raise BadInput(ErrorCode.UNSUPPORTED_AUDIO, f"this is {what}; send {PCM_FORMAT}")
        if len(data) % 2:
            raise BadInput(
                ErrorCode.ODD_LENGTH,
                f"a frame of {len(data)} bytes does not hold whole samples of 2 bytes; send {PCM_FORMAT}, "
                f"an even number of bytes in each frame",
            )


def _load(options: FrameDecoderOptions) -> LoadedStage:
    return LoadedStage(lambda _session: FrameDecoder(options))


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``frame_decoder``."""
    return [
        StageSpec(
            name="frame_decoder",
            summary="binary frames of 16 kHz s16le PCM to blocks of float32 samples",
            options=FrameDecoderOptions,
            consumes=frozenset({PcmReceived, AudioGap}),
            produces=frozenset({AudioBlock, AudioClock, AudioGap}),
            absorbs=frozenset({PcmReceived, AudioGap}),
            load=_load,
        )
    ]
