"""``telephone_decoder``: decodes binary frames of a telephone line (G.711, 8 kHz) to blocks of float32 samples at 16 kHz.

It stands in the place of ``frame_decoder`` on servers whose clients send what the line has, of half the length. Blocks lie on a
fixed grid, as those of ``frame_decoder`` do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, cast

import numpy as np
from pydantic import Field

from speaker_tracker import hookimpl
from speaker_tracker.audio.media_kinds import SIGNATURE_BYTES, header_kind
from speaker_tracker.audio.telephone import LINE_RATE, SAMPLES_PER_BYTE, TABLES, LineDecoder, LineEncoding
from speaker_tracker.errors import BadInput
from speaker_tracker.events import AudioBlock, AudioClock, AudioGap, AudioHint, Event, PcmReceived
from speaker_tracker.protocol import ErrorCode
from speaker_tracker.protocol.codes import HintCode
from speaker_tracker.stage import Answer, LoadedStage, StageBase, StageOptions, StageSpec, State

JUDGED_BYTES = 3 * LINE_RATE
"""Audio by which the law is judged, counting pieces that are no silence."""
LEAST_POWER = 1e-6
"""Power relative to full scale (-60 dB) below which a piece is no evidence."""
SURE = 0.2
"""How much rougher audio is that is read by the wrong law, at least: by the power of the differences of neighbouring samples over
that of the samples. It is 0.3 to 0.4 for three seconds of a conversation, and nearly 0 for noise."""
SPELLED = {LineEncoding.MULAW: "mu-law", LineEncoding.ALAW: "A-law"}


class TelephoneDecoderOptions(StageOptions):
    """Options of ``telephone_decoder``."""

    encoding: LineEncoding = Field(LineEncoding.MULAW, description="mulaw (North America, Japan) or alaw (most other networks)")
    block_samples: Annotated[int, Field(ge=32, le=16_000)] = Field(
        1600, description="samples at 16 kHz in a block; 1600 are 100 ms"
    )


class LawWatch:
    """Judge of whether a line has the other law, by which of them makes smoother audio of it."""

    def __init__(self, encoding: LineEncoding) -> None:
        self._other = next(law for law in LineEncoding if law is not encoding)
        self._laws = (encoding, self._other)
        self._powers = np.zeros((2, 2))
        self._judged = 0

    def feed(self, data: bytes) -> AudioHint | None:
        """The hint that ``data`` leads to, if any; at most one of a session."""
        if self._judged >= JUDGED_BYTES or len(data) < 2:  # noqa: PLR2004 - a difference needs two
            return None
        codes = np.frombuffer(data, np.uint8)
        read = [TABLES[law][codes].astype(np.float64) for law in self._laws]
        powers = np.array([[np.square(np.diff(samples)).sum(), np.square(samples).sum()] for samples in read])
        if powers[:, 1].min() < LEAST_POWER * len(codes):
            return None
        self._powers += powers
        self._judged += len(codes)
        if self._judged < JUDGED_BYTES:
            return None
        own, other = self._powers[:, 0] / self._powers[:, 1]
        if own < other + SURE:
            return None
        law = SPELLED[self._other]
        return AudioHint(
            HintCode.AUDIO_FORMAT,
            f"the audio looks like {law} that is read as {SPELLED[self._laws[0]]}; set the option encoding of telephone_decoder to "
            f"{self._other.value}, or send {SPELLED[self._laws[0]]}",
        )

    def snapshot(self) -> State:
        """Powers so far, and by how much audio."""
        return {"powers": self._powers.copy(), "judged": self._judged}

    def restore(self, state: State) -> None:
        """Goes on from there."""
        self._powers = np.array(state["powers"])
        self._judged = cast(int, state["judged"])


class TelephoneDecoder(StageBase):
    """One session's decoder. Between two frames it holds less than a block of audio, and 2 ms."""

    def __init__(self, options: TelephoneDecoderOptions) -> None:
        self._encoding = options.encoding
        self._block = options.block_samples
        self._line = LineDecoder(options.encoding)
        self._codes = b""
        self._rest = np.zeros(0, np.float32)
        self._position = 0
        self._head: bytes | None = b""
        self._watch = LawWatch(options.encoding)

    def feed(self, event: Event) -> Iterator[Answer]:
        """Answers line audio with blocks, each followed by the clock, and a gap with one where the audio so far ends.

        Raises ``BadInput`` for files with a header.
        """
        if isinstance(event, AudioGap):
            yield from self.flush()
            gap = AudioGap(self._position, self._position + event.end - event.start)
            self._position = gap.end
            yield gap
            yield AudioClock(self._position)
            return
        if not isinstance(event, PcmReceived):
            yield event
            return
        self._check(event.data)
        self._codes += event.data
        samples = np.concatenate([self._rest, self._line.decode(event.data)])
        whole = len(samples) - len(samples) % self._block
        self._rest = samples[whole:]
        for begin in range(0, whole, self._block):
            yield from self._put_out(AudioBlock(self._position, samples[begin : begin + self._block]))

    def flush(self) -> Iterator[Answer]:
        """Answers with the last, shorter block."""
        samples = np.concatenate([self._rest, self._line.rest()])
        self._rest = np.zeros(0, np.float32)
        for begin in range(0, len(samples), self._block):
            yield from self._put_out(AudioBlock(self._position, samples[begin : begin + self._block]))

    def snapshot(self) -> State:
        """Position after the last whole block, from which on audio has to be sent again; later samples are audio and left out."""
        return {"position": self._position, "law": self._watch.snapshot()}

    def restore(self, state: State) -> None:
        """Goes on after the last whole block."""
        self._position = cast(int, state["position"])
        self._head = None
        self._watch.restore(cast("State", state["law"]))

    def _put_out(self, block: AudioBlock) -> Iterator[Event]:
        length = len(block.samples) // SAMPLES_PER_BYTE
        hint = self._watch.feed(self._codes[:length])
        self._codes = self._codes[length:]
        if hint is not None:
            yield hint
        self._position = block.end
        yield block
        yield AudioClock(self._position)

    def _check(self, data: bytes) -> None:
        if self._head is None:
            return
        self._head += data[: SIGNATURE_BYTES - len(self._head)]
        kind = header_kind(self._head)
        if kind is not None:
            raise BadInput(
                ErrorCode.UNSUPPORTED_AUDIO,
                f"this is {kind}; send raw {SPELLED[self._encoding]}: 8 kHz, 8 bits a sample, mono, without a header",
            )
        if len(self._head) == SIGNATURE_BYTES:
            self._head = None


def _load(options: TelephoneDecoderOptions) -> LoadedStage:
    return LoadedStage(lambda _session: TelephoneDecoder(options), reads_pcm=False)


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``telephone_decoder``."""
    return [
        StageSpec(
            name="telephone_decoder",
            summary="binary frames of 8 kHz mu-law or A-law to blocks of float32 samples at 16 kHz",
            options=TelephoneDecoderOptions,
            consumes=frozenset({PcmReceived, AudioGap}),
            produces=frozenset({AudioBlock, AudioClock, AudioGap, AudioHint}),
            absorbs=frozenset({PcmReceived, AudioGap}),
            load=_load,
        )
    ]
