"""``frame_decoder``: binary frames of PCM become blocks of float32 samples.

Blocks lie on a fixed grid whatever frames the client sends, so nothing behind this stage depends on the frames' length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, cast

from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.audio.pcm import decode_pcm
from speaker_tracker.errors import BadInput
from speaker_tracker.events import AudioBlock, AudioClock, AudioHint, Event, PcmReceived
from speaker_tracker.protocol import PCM_FORMAT, ErrorCode
from speaker_tracker.stage import Answer, LoadedStage, StageBase, StageOptions, StageSpec, State
from speaker_tracker_stages.pcm_format.watch import Finding, FormatWatch
from speaker_tracker_stages.pcm_format.wording import hint_code, sentence

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
"""How sound files begin that people send by mistake."""
LONGEST_MAGIC = max(map(len, MAGIC_NUMBERS))


class FrameDecoderOptions(StageOptions):
    """Options of ``frame_decoder``."""

    block_samples: Annotated[int, Field(ge=32, le=16_000)] = Field(512, description="samples in a block; 512 are 32 ms")


class FrameDecoder(StageBase):
    """One session's decoder.

    Between two frames it holds less than a block of audio, and less than a second until the format is known to be right.
    """

    def __init__(self, options: FrameDecoderOptions) -> None:
        self._block_bytes = 2 * options.block_samples
        self._rest = b""
        self._position = 0
        self._head = b""
        self._watch = FormatWatch()

    def feed(self, event: Event) -> Iterator[Answer]:
        """Blocks, each followed by the clock, and hints before the blocks that led to them.

        Raises ``BadInput`` for odd lengths, for files with a header, and for bytes that are surely samples of another format.
        """
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
        """The last, shorter block. Raises ``BadInput`` if a short session was surely of another format."""
        if self._rest:
            yield from self._decode(self._rest)
            self._rest = b""
        yield from self._hints(self._watch.conclude())

    def snapshot(self) -> State:
        """From where on audio has to be sent again: samples that fill no block yet are audio and left out."""
        return {"position": self._position, "format": self._watch.snapshot()}

    def restore(self, state: State) -> None:
        """Goes on behind the last whole block."""
        self._position = cast(int, state["position"])
        self._head = bytes(LONGEST_MAGIC)
        self._watch.restore(cast("State", state["format"]), 2 * self._position)

    def _decode(self, data: bytes) -> Iterator[Event]:
        yield from self._hints(self._watch.feed(data))
        block = AudioBlock(self._position, decode_pcm(data))
        self._position = block.end
        yield block
        yield AudioClock(self._position)

    @staticmethod
    def _hints(finding: Finding | None) -> Iterator[Event]:
        if finding is None:
            return
        if finding.is_sure:
            raise BadInput(ErrorCode.UNSUPPORTED_AUDIO, sentence(finding))
        yield AudioHint(hint_code(finding.verdict), sentence(finding))

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
            consumes=frozenset({PcmReceived}),
            produces=frozenset({AudioBlock, AudioClock, AudioHint}),
            absorbs=frozenset({PcmReceived}),
            load=_load,
        )
    ]
