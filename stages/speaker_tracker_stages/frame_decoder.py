"""``frame_decoder``: decodes binary frames of PCM to blocks of float32 samples.

Blocks lie on a fixed grid whatever frames the client sends, so no later stage depends on the frames' length. A gap begins the grid
anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, cast

from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.audio.media_kinds import SIGNATURE_BYTES, header_kind
from speaker_tracker.audio.pcm import decode_pcm
from speaker_tracker.errors import BadInput
from speaker_tracker.events import AudioBlock, AudioClock, AudioGap, AudioHint, Event, PcmReceived
from speaker_tracker.protocol import PCM_FORMAT, ErrorCode
from speaker_tracker.stage import Answer, LoadedStage, StageBase, StageOptions, StageSpec, State
from speaker_tracker_stages.pcm_format.watch import Finding, FormatWatch
from speaker_tracker_stages.pcm_format.wording import hint_code, sentence


class FrameDecoderOptions(StageOptions):
    """Options of ``frame_decoder``."""

    block_samples: Annotated[int, Field(ge=32, le=16_000)] = Field(1600, description="samples in a block; 1600 are 100 ms")


class FrameDecoder(StageBase):
    """One session's decoder.

    Between two frames it holds less than a block of audio, the beginning of the stream at first, and less than a second until the
    format is known to be right.
    """

    def __init__(self, options: FrameDecoderOptions) -> None:
        self._block_bytes = 2 * options.block_samples
        self._rest = b""
        self._position = 0
        self._head: bytes | None = b""
        self._watch = FormatWatch()

    def feed(self, event: Event) -> Iterator[Answer]:
        """Answers PCM with hints and blocks, each followed by the clock, and a gap with one where the audio so far ends.

        Raises ``BadInput`` for odd lengths, for files with a header, and for bytes that are surely samples of another format.
        """
        if isinstance(event, AudioGap):
            yield from self._decode_rest()
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
        """Answers with the last, shorter block. Raises ``BadInput`` if a short session was surely of another format."""
        yield from self._decode_rest()
        yield from self._hints(self._watch.conclude())

    def snapshot(self) -> State:
        """Position after the last whole block, from which on audio has to be sent again; later samples are audio and left out."""
        return {"position": self._position, "format": self._watch.snapshot()}

    def restore(self, state: State) -> None:
        """Goes on after the last whole block."""
        self._position = cast(int, state["position"])
        self._head = None
        self._watch.restore(cast("State", state["format"]), 2 * self._position)

    def _decode(self, data: bytes) -> Iterator[Event]:
        yield from self._hints(self._watch.feed(data))
        block = AudioBlock(self._position, decode_pcm(data))
        self._position = block.end
        yield block
        yield AudioClock(self._position)

    def _decode_rest(self) -> Iterator[Event]:
        if self._rest:
            yield from self._decode(self._rest)
            self._rest = b""

    def _skip(self, length: int) -> Iterator[Event]:
        gap = AudioGap(self._position, self._position + length)
        self._position = gap.end
        yield gap
        yield AudioClock(self._position)

    @staticmethod
    def _hints(finding: Finding | None) -> Iterator[Event]:
        if finding is None:
            return
        if finding.is_sure:
            raise BadInput(ErrorCode.UNSUPPORTED_AUDIO, sentence(finding))
        yield AudioHint(hint_code(finding.verdict), sentence(finding))

    def _check(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data[: SIGNATURE_BYTES - len(self._head)]
            kind = header_kind(self._head)
            if kind is not None:
                raise BadInput(ErrorCode.UNSUPPORTED_AUDIO, f"this is {kind}; send {PCM_FORMAT}")
            if len(self._head) == SIGNATURE_BYTES:
                self._head = None
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
            produces=frozenset({AudioBlock, AudioClock, AudioGap, AudioHint}),
            absorbs=frozenset({PcmReceived, AudioGap}),
            load=_load,
        )
    ]
