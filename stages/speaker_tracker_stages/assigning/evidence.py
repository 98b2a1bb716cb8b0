"""Evidence that an assigner keeps of a session, within bounds: recent windows one by one, older ones condensed to groups."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import VoiceCalibration, VoiceModel
from speaker_tracker.stage import State, StateMismatch
from speaker_tracker_stages.assigning.arrays import Floats, unit_length
from speaker_tracker_stages.assigning.compact_vectors import VectorPacker, unpacked

Span: TypeAlias = tuple[int, int]
"""Start and end (samples)."""
NOBODY = -1
"""Label of speech that is given to no tracked speaker."""
UNANNOUNCED = -2
"""In a state, in the place of a label that was not announced."""
MIN_PURITY = 0.75
"""Minimum share of its own voice in a window that is kept as evidence when it is condensed; of others only the time is kept."""


@dataclass(slots=True, eq=False)
class Item:
    """One window, or a group of older windows that sound alike.

    ``vector``: sum of the unit-length embeddings, each times its weight, shape ``(d,)``. ``weight``: sum of these weights.
    ``stretches``: the speech it stands for, in order. ``heard``: the speech that the window was computed from. ``after_pause``:
    whether it is the first window after a pause. ``change``: probability that the speaker changes where it begins, NaN if unknown.
    ``label``: the speaker it is given to. ``announced``: the label last announced,
    None before the first. ``anchor``: the speaker it had when all speakers so far were last told apart; matching goes by it, so
    that two speakers who are taken for one voice for a while get their own ids back. ``voice``: its voice in the latest
    clustering, whose numbers are not those of speakers. ``samples``: total length of the stretches (samples).
    """

    vector: NDArray[np.float32]
    weight: float
    stretches: list[Span]
    heard: Span = (0, 0)
    after_pause: bool = False
    change: float = math.nan
    label: int = NOBODY
    announced: int | None = None
    anchor: int = NOBODY
    voice: int = NOBODY

    samples: int = field(init=False)

    def __post_init__(self) -> None:
        """Measures the stretches."""
        self.samples = sum(end - start for start, end in self.stretches)

    def absorb(self, other: Item) -> None:
        """Adds another item with the same labels to this one; a later one takes no longer the more stretches this one has."""
        self.vector = self.vector + other.vector
        self.weight += other.weight
        self.samples += other.samples
        is_later = self.stretches[-1][1] <= other.stretches[0][0]
        added = other.stretches if is_later else sorted([*self.stretches, *other.stretches])
        joined = self.stretches if is_later else []
        for start, end in added:
            if joined and joined[-1][1] == start:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((start, end))
        self.stretches = joined


Purity: TypeAlias = Callable[[Sequence[Item]], Floats]
"""From consecutive windows to the share of its own voice in what each of them heard, shape ``(n,)``, 0 to 1."""


@dataclass(slots=True)
class Evidence:
    """All items of a session: at most ``max_recent`` windows one by one and ``max_groups`` groups of older ones.

    ``model``: the model that the embeddings are of, None before the first. ``retired``: items of untracked voices that were given
    up and are still to be announced; ``retired_samples``: length of the speech of each such voice so far (samples).
    """

    max_recent: int
    max_groups: int
    recent: list[Item] = field(default_factory=list)
    groups: list[Item] = field(default_factory=list)
    model: VoiceModel | None = None
    retired: list[Item] = field(default_factory=list)
    retired_samples: list[int] = field(default_factory=list)
    _packer: VectorPacker = field(default_factory=VectorPacker, repr=False)

    def __iter__(self) -> Iterator[Item]:
        """Groups first, then recent windows in order."""
        yield from self.groups
        yield from self.recent

    def check_model(self, model: VoiceModel) -> VoiceModel:
        """Remembers the first model and answers with it; a model is known by its name, version and dimension.

        Raises ``StateMismatch`` for any other model, as embeddings of two models cannot be compared.
        """
        if self.model is None:
            self.model = model
        known, given = ([each.name, each.version, each.dimension] for each in (self.model, model))
        if given != known:
            raise StateMismatch(f"embeddings of {given} came after those of {known}, and the two cannot be compared")
        return self.model

    def condense(self, purity: Purity | None = None) -> None:
        """Moves the oldest quarter of the recent windows into groups once there are more than ``max_recent``.

        Only windows with equal labels share a group, so a group can be given to another speaker as a whole. ``purity``: where
        given, windows below ``MIN_PURITY`` leave their time there and no vector.
        """
        if len(self.recent) <= self.max_recent:
            return
        moved = self.max_recent // 4
        # Windows beyond those moved are passed as well, as the last ones moved overlap with them.
        shares = np.ones(moved) if purity is None else purity(self.recent[: 2 * moved])[:moved]
        for item, share in zip(self.recent[:moved], shares.tolist(), strict=True):
            if share < MIN_PURITY:
                item.vector, item.weight = np.zeros_like(item.vector), 0.0
        for _, run in groupby(self.recent[:moved], key=_labels):
            first, *others = run
            for item in others:
                first.absorb(item)
            self.groups.append(first)
        del self.recent[:moved]
        self._join_most_similar()

    def retire(self, voices: Collection[int]) -> None:
        """Gives up all items of untracked ``voices``: their speech stays nobody's, and nothing is kept of how they sound."""
        gone = [item for item in self if item.voice in voices]
        for item in gone:
            item.label, item.vector = NOBODY, item.vector[:0]
        self.retired += gone
        self.retired_samples += [sum(item.samples for item in gone if item.voice == voice) for voice in voices]
        self.groups = [item for item in self.groups if item.voice not in voices]
        after_gap, recent = False, []
        for item in self.recent:
            if item.voice in voices:
                after_gap = True
            else:
                item.after_pause = item.after_pause or after_gap
                after_gap = False
                recent.append(item)
        self.recent = recent

    def _join_most_similar(self) -> None:
        """Joins the two most similar groups with equal labels until ``max_groups`` are left, or no two have equal ones."""
        surplus = len(self.groups) - self.max_groups
        if surplus <= 0:
            return
        groups = self.groups
        vectors = unit_length(np.stack([group.vector for group in groups]))
        numbers: dict[tuple[int | None, ...], int] = {}
        labels = np.array([numbers.setdefault(_labels(group), len(numbers)) for group in groups])
        equal = np.triu(labels[:, np.newaxis] == labels, 1)
        cosines = np.where(equal, vectors @ vectors.T, -np.inf)
        gone: set[int] = set()
        while len(gone) < surplus:
            first, second = divmod(int(cosines.argmax()), len(groups))
            if cosines[first, second] == -np.inf:
                break
            groups[first].absorb(groups[second])
            gone.add(second)
            equal[second] = equal[:, second] = False
            cosines[second] = cosines[:, second] = -np.inf
            vectors[first] = unit_length(groups[first].vector)
            to_others = vectors @ vectors[first]
            cosines[first] = np.where(equal[first], to_others, -np.inf)
            cosines[:, first] = np.where(equal[:, first], to_others, -np.inf)
        self.groups = [group for number, group in enumerate(groups) if number not in gone]

    def snapshot(self) -> State:
        """The model, and vectors, weights, stretches and labels of all items; no audio."""
        model = self.model
        return {
            "items": self._items_state([*self.recent, *self.groups, *self.retired]),
            "recent": len(self.recent),
            "groups": len(self.groups),
            "retired_samples": list(self.retired_samples),
            "model": None if model is None else asdict(model),
        }

    def _items_state(self, items: Sequence[Item]) -> State:
        """Items by column, as there are hundreds of them: ``labels`` are label, announced label, anchor and voice of each."""
        labels = [
            (item.label, UNANNOUNCED if item.announced is None else item.announced, item.anchor, item.voice) for item in items
        ]
        return {
            "vectors": self._packer.packed([item.vector for item in items]),
            "weights": np.array([item.weight for item in items], np.float64),
            "stretches": np.array([stretch for item in items for stretch in item.stretches], np.int64).reshape(-1, 2),
            "stretch_counts": np.array([len(item.stretches) for item in items], np.int32),
            "heard": np.array([item.heard for item in items], np.int64).reshape(-1, 2),
            "after_pause": np.array([item.after_pause for item in items], bool),
            "changes": np.array([item.change for item in items], np.float64),
            "labels": np.array(labels, np.int16).reshape(-1, 4),
        }

    def restore(self, state: State) -> None:
        """Takes over a state that ``snapshot`` gave."""
        items = _items(cast(State, state["items"]))
        recent, groups = cast(int, state["recent"]), cast(int, state["groups"])
        self.recent = items[:recent]
        self.groups = items[recent : recent + groups]
        self.retired = items[recent + groups :]
        self.retired_samples = list(cast(Sequence[int], state["retired_samples"]))
        if state["model"] is not None:
            self.model = _model(cast(State, state["model"]))


def _labels(item: Item) -> tuple[int | None, ...]:
    return item.voice, item.label, item.announced, item.anchor


def _model(state: State) -> VoiceModel:
    values = dict(cast("dict[str, Any]", state))
    if (figures := values.pop("calibration")) is not None:
        pairs = tuple((float(seconds), float(worth)) for seconds, worth in figures.pop("evidence_by_seconds"))
        figures = VoiceCalibration(**figures, evidence_by_seconds=pairs)
    return VoiceModel(**values, calibration=figures)


def _items(state: State) -> list[Item]:
    stretches = cast("list[list[int]]", np.asarray(state["stretches"]).tolist())
    columns = [
        cast("list[Any]", np.asarray(state[name]).tolist())
        for name in ("stretch_counts", "weights", "heard", "after_pause", "changes", "labels")
    ]
    items, first = [], 0
    for vector, count, weight, heard, after_pause, change, labels in zip(
        unpacked(cast(Sequence[State], state["vectors"])), *columns, strict=True
    ):
        spans = [(start, end) for start, end in stretches[first : first + count]]
        first += count
        label, announced, anchor, voice = labels
        known = None if announced == UNANNOUNCED else announced
        items.append(Item(vector, weight, spans, (heard[0], heard[1]), after_pause, change, label, known, anchor, voice))
    return items
