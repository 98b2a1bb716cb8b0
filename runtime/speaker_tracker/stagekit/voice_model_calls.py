"""Calls of a voice model in another process: what it is, and windows and embeddings in the compact form that travels.

Used on both sides: by a stage that has no model of its own, and by what holds the model for many such stages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.errors import UserError
from speaker_tracker.events import VoiceModel
from speaker_tracker.stagekit.speech_windows import Window
from speaker_tracker.stagekit.voice_encoder import FeatureMean, VoiceQuery, VoiceVectors
from speaker_tracker.stagekit.window_embedding import WindowEmbeddingOptions

MOST_WINDOWS = 32
"""Windows of one call, so that its embeddings (128 KiB at most with 1000 dimensions) and its audio stay small."""

PIECE_BYTES = 1 << 16
"""Length of the pieces that audio is sent in: systems that keep large arguments elsewhere pass pieces of this length on at once."""

FULL_SCALE = 1 << 15


class ModelReplaced(UserError):
    """Not the model that is meant: it is being replaced, or has been; the message names both."""


@dataclass(frozen=True, slots=True)
class VoiceModelDescription:
    """A model that is asked from afar.

    ``windows``: how speech is cut for it. ``info``: as ``LoadedStage.info``. ``configuration``: of what it was loaded by, in a few
    characters, so that callers of one release are not told of the model of another.
    """

    model: VoiceModel
    windows: WindowEmbeddingOptions
    info: Mapping[str, str]
    configuration: str = ""

    @property
    def identity(self) -> str:
        """What tells this model from those whose embeddings cannot be compared with its own."""
        return f"{self.model.name}, version {self.model.version}, windows normalized by {self.windows.normalization}"

    def check(self, asked: str) -> None:
        """Raises ``ModelReplaced`` where ``asked``, the identity of the model that a caller began with, is another's."""
        if asked != self.identity:
            raise ModelReplaced(
                f"the voice model is {self.identity} now, and no longer {asked}: their embeddings cannot be compared, so sessions "
                f"that began before cannot go on; start them again, or deploy another model under another name"
            )


@dataclass(frozen=True, slots=True, eq=False)
class PackedQueries:
    """Queries without their audio.

    ``counts``: windows of each query. ``means``: mean of each query. ``table``: a row for each window, int64, shape
    ``(windows, 6)``: start, end, start and end of what is heard, fresh, number of samples. ``is_int16``: whether the audio is
    16-bit, which samples that were decoded from 16 bits are without loss; else float32.
    """

    counts: tuple[int, ...]
    means: tuple[FeatureMean | None, ...]
    table: NDArray[np.int64]
    is_int16: bool


@dataclass(frozen=True, slots=True, eq=False)
class PackedVectors:
    """Answers to queries. ``vectors``: float32, shape ``(windows, d)``; ``means``: mean of each query after its windows."""

    vectors: NDArray[np.float32]
    means: tuple[FeatureMean | None, ...]


def pack_queries(queries: Sequence[VoiceQuery]) -> tuple[PackedQueries, list[bytes]]:
    """Queries in compact form, and their audio in pieces of at most ``PIECE_BYTES``."""
    windows = [window for query in queries for window in query.windows]
    rows = [(each.start, each.end, each.heard_start, each.heard_end, each.fresh, len(each.samples)) for each in windows]
    samples = np.concatenate([window.samples for window in windows]) if windows else np.empty(0, np.float32)
    scaled = samples * np.float32(FULL_SCALE)
    rounded = np.clip(np.rint(scaled), -FULL_SCALE, FULL_SCALE - 1)
    is_int16 = bool(np.array_equal(rounded, scaled))
    audio = (rounded.astype("<i2") if is_int16 else samples.astype("<f4")).tobytes()
    packed = PackedQueries(
        tuple(len(query.windows) for query in queries),
        tuple(query.mean for query in queries),
        np.array(rows, np.int64).reshape(len(rows), 6),
        is_int16,
    )
    return packed, [audio[first : first + PIECE_BYTES] for first in range(0, len(audio), PIECE_BYTES)]


def unpack_queries(packed: PackedQueries, pieces: Sequence[bytes]) -> list[VoiceQuery]:
    """The queries that ``pack_queries`` was given. Raises ``ValueError`` where the audio does not fit them."""
    audio = b"".join(pieces)
    if packed.is_int16:
        samples = np.frombuffer(audio, "<i2").astype(np.float32) / np.float32(FULL_SCALE)
    else:
        samples = np.frombuffer(audio, "<f4").astype(np.float32)
    lengths = packed.table[:, 5]
    if int(lengths.sum()) != len(samples) or sum(packed.counts) != len(lengths):
        raise ValueError(
            f"{len(samples)} samples and {len(lengths)} windows, where {int(lengths.sum())} samples and {sum(packed.counts)} "
            f"windows are said to come"
        )
    parts = np.split(samples, np.cumsum(lengths)[:-1]) if len(lengths) else []
    rows = zip(packed.table[:, :5].tolist(), parts, strict=True)
    windows = iter([Window(start, end, since, until, fresh, part) for (start, end, since, until, fresh), part in rows])
    return [VoiceQuery([next(windows) for _ in range(n)], mean) for n, mean in zip(packed.counts, packed.means, strict=True)]


def pack_vectors(answers: Sequence[VoiceVectors]) -> PackedVectors:
    """Answers in compact form; there is at least one window."""
    return PackedVectors(np.stack([vector for each in answers for vector in each.vectors]), tuple(each.mean for each in answers))


def unpack_vectors(packed: PackedVectors, counts: Sequence[int]) -> list[VoiceVectors]:
    """The answers that ``pack_vectors`` was given; ``counts``: windows of each query."""
    rows = iter(packed.vectors)
    return [VoiceVectors([next(rows) for _ in range(n)], mean) for n, mean in zip(counts, packed.means, strict=True)]


def in_calls(queries: Sequence[VoiceQuery]) -> Iterator[list[tuple[int, list[Window]]]]:
    """The windows of all queries in order, as calls of at most ``MOST_WINDOWS``: each a list of query numbers and their windows.

    A query of more windows goes on in the next call, whose mean is the one that came back.
    """
    call: list[tuple[int, list[Window]]] = []
    room = MOST_WINDOWS
    for number, query in enumerate(queries):
        rest = list(query.windows)
        while rest:
            call.append((number, rest[:room]))
            rest, room = rest[room:], room - len(rest[:room])
            if room == 0:
                yield call
                call, room = [], MOST_WINDOWS
    if call:
        yield call
