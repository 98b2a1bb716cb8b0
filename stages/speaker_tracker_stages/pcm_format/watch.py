"""Decides on the format of a session's audio from piece to piece, and stops looking once it is plainly right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from speaker_tracker.stage import State
from speaker_tracker_stages.pcm_format.verdict import PIECE_BYTES, Verdict, judge

FIRST_VOTES = 3
"""Pieces of one wrong format that are enough if none has looked right; no recording has had as many as 3 in all."""
LAST_VOTES = 2
"""The same at the end of the audio."""
SURE_VOTES = 4
SURE_RATIO = 2
"""And otherwise, with this many wrong pieces for each right one."""
SETTLED_VOTES = 12
"""Pieces that say something, after which all is right unless the shares below are reached: 4.5 s of sound."""
SUSPECT_SHARE = 1 / 3
NARROW_SHARE = 0.75
SPARSE_AFTER = 40
SPARSE_EVERY = 8
"""After so many pieces that say nothing, such as noise, only every eighth is looked at."""

WHOLE_SAMPLES = 24
"""Bytes that are a whole number of samples of 2, 3, 4 and 8 bytes."""

MERELY_SUSPECT = frozenset({Verdict.EQUAL_PAIRS, Verdict.OPPOSITE_PAIRS})
"""Verdicts that may also hold for audio in the right format: each sample sent twice, a high note."""
FITTING = frozenset({Verdict.RIGHT, Verdict.NARROW})


@dataclass(frozen=True, slots=True)
class Finding:
    """What the audio looks like. ``is_sure``: whether nothing else can look like this."""

    verdict: Verdict
    is_sure: bool


class FormatWatch:
    """Watches the bytes of one session; holds less than a piece of them until it is over."""

    def __init__(self) -> None:
        self._piece = bytearray()
        self._votes: Counter[Verdict] = Counter()
        self._undecided = 0
        self._is_over = False
        self._skip = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing is looked at any more."""
        return self._is_over

    def feed(self, data: bytes) -> Finding | None:
        """Takes the session's next bytes, of any number; a finding comes at most once."""
        for offset in range(0, len(data), PIECE_BYTES):
            finding = self._feed(data[offset : offset + PIECE_BYTES])
            if finding is not None:
                return finding
        return None

    def conclude(self) -> Finding | None:
        """Takes the end of the audio: a short session is judged by fewer pieces. A finding comes at most once."""
        leading = self._leading
        if self._is_over or leading is None:
            return None
        self._is_over = True
        is_unanimous = self._votes[leading] == self._votes.total() >= LAST_VOTES
        return Finding(leading, is_sure=leading not in MERELY_SUSPECT) if is_unanimous else None

    def snapshot(self) -> State:
        """The votes so far, without any bytes."""
        votes: Mapping[str, int] = {verdict.value: count for verdict, count in self._votes.items()}
        return {"votes": votes, "undecided": self._undecided, "is_over": self._is_over}

    def restore(self, state: State, position: int) -> None:
        """Goes on with these votes; ``position``: number of bytes that came before. The rest of a piece is lost."""
        self._votes = Counter({Verdict(name): count for name, count in cast("Mapping[str, int]", state["votes"]).items()})
        self._undecided = cast(int, state["undecided"])
        self._is_over = cast(bool, state["is_over"])
        self._skip = -position % WHOLE_SAMPLES

    def _feed(self, data: bytes) -> Finding | None:
        if self._is_over:
            return None
        self._piece += data[self._skip :]
        self._skip -= min(self._skip, len(data))
        if len(self._piece) < PIECE_BYTES:
            return None
        piece = bytes(self._piece[:PIECE_BYTES])
        del self._piece[:PIECE_BYTES]
        verdict = self._judge(piece)
        if verdict is None:
            return None
        self._votes[verdict] += 1
        finding = self._conclusion()
        if finding is not None or self._votes.total() >= SETTLED_VOTES:
            self._is_over = True
            self._piece.clear()
        return finding

    def _judge(self, piece: bytes) -> Verdict | None:
        is_skipped = self._undecided > SPARSE_AFTER and self._undecided % SPARSE_EVERY
        verdict = None if is_skipped else judge(piece)
        self._undecided += verdict is None
        return verdict

    @property
    def _leading(self) -> Verdict | None:
        """The wrong format with the most pieces."""
        return max(self._votes.keys() - FITTING, key=self._votes.__getitem__, default=None)

    def _conclusion(self) -> Finding | None:
        fitting = sum(self._votes[verdict] for verdict in FITTING)
        wrong = self._votes.total() - fitting
        leading = self._leading
        if leading is not None:
            votes = self._votes[leading]
            is_first = fitting == 0 and votes >= FIRST_VOTES
            if is_first or (votes >= SURE_VOTES and wrong >= SURE_RATIO * fitting):
                return Finding(leading, is_sure=leading not in MERELY_SUSPECT)
        if self._votes.total() < SETTLED_VOTES:
            return None
        if leading is not None and wrong >= SUSPECT_SHARE * SETTLED_VOTES:
            return Finding(leading, is_sure=False)
        narrow = self._votes[Verdict.NARROW]
        return Finding(Verdict.NARROW, is_sure=False) if narrow >= NARROW_SHARE * SETTLED_VOTES else None
