"""What an assigner remembers of a session: recent windows one by one, older ones condensed to a bounded number of groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import cast

import numpy as np
from numpy.typing import NDArray

from speaker_tracker.events import SAMPLE_RATE
from speaker_tracker.stage import State, float_array
from speaker_tracker_stages.hearing import Hearing, Span
from speaker_tracker_stages.voice_clustering import Items, unit

NOBODY = -1
"""The label of what is assigned to no tracked speaker."""
PURE = 0.75
"""A window that heard less than this of its own voice tells nothing of it once it is condensed."""


@dataclass(slots=True, eq=False)
class Item:
    """One window, or a group of older windows that sound alike.

    ``vector``: sum of the unit-length embeddings, each times its evidence, shape ``(d,)``. ``weight``: the sum of that evidence.
    ``stretches``: what it stands for (samples), in order. ``label``: the speaker it is given to. ``said``: the label that was
    announced for it, None if none was. ``owner``: the speaker it was given to when all speakers so far were last told apart, which
    is remembered while two of them are taken for one. ``voice``: the voice it belongs to, as the latest clustering numbers them.
    ``heard``: what the window has heard (samples); ``begins``: whether it is the first after a pause.
    """

    vector: NDArray[np.float32]
    weight: float
    stretches: list[Span]
    heard: Span = (0, 0)
    begins: bool = False
    label: int = NOBODY
    said: int | None = None
    owner: int = NOBODY
    voice: int = NOBODY

    @property
    def samples(self) -> int:
        """Length of all stretches."""
        return sum(end - start for start, end in self.stretches)

    def absorb(self, other: Item) -> None:
        """Takes in another item with the same labels."""
        self.vector = self.vector + other.vector
        self.weight += other.weight
        joined: list[Span] = []
        for start, end in sorted([*self.stretches, *other.stretches]):
            if joined and joined[-1][1] == start:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((start, end))
        self.stretches = joined


@dataclass(slots=True)
class Evidence:
    """``max_recent`` windows at most are kept singly and ``max_groups`` groups of older ones."""

    max_recent: int
    max_groups: int
    recent: list[Item] = field(default_factory=list)
    groups: list[Item] = field(default_factory=list)

    def __iter__(self) -> Iterator[Item]:
        """Groups first, then recent windows in order."""
        yield from self.groups
        yield from self.recent

    def items(self, most: float, ahead: Sequence[Span] = ()) -> Items:
        """All of it, as input for clustering; its evidence is scaled down to ``most`` where it is more.

        ``ahead``: stretches after the last window that were heard by those before; they come last.
        """
        everything = [*self, *(_unheard(span, len(self.recent[-1].vector)) for span in ahead)]
        evidence = np.array([item.weight for item in everything])
        sums = np.stack([item.vector for item in everything])
        return Items(
            vectors=np.asarray(sums / np.maximum(evidence, 1e-12)[:, np.newaxis], dtype=np.float32),
            evidence=evidence * min(1.0, most / max(float(evidence.sum()), 1e-9)),
            seconds=np.array([item.samples for item in everything]) / SAMPLE_RATE,
            loose=len(self.groups),
            hearing=_hearing(everything[len(self.groups) :]),
            ahead=len(ahead),
        )

    def condense(self) -> None:
        """Moves the older quarter of the recent windows into groups once there are too many.

        Only windows with the same label meet in a group, so a group is given to another speaker as a whole or not at all. What
        heard a change of voice leaves its time there and nothing else.
        """
        if len(self.recent) <= self.max_recent:
            return
        moved = self.max_recent // 4
        voices = np.array([item.voice for item in self.recent[: 2 * moved]])
        own = (_hearing(self.recent[: 2 * moved]).shares * (voices == voices[:, np.newaxis])).sum(axis=1)
        for item, share in zip(self.recent[:moved], own[:moved].tolist(), strict=True):
            if share < PURE:
                item.vector, item.weight = np.zeros_like(item.vector), 0.0
        for _, run in groupby(self.recent[:moved], key=lambda item: (item.voice, item.label, item.said, item.owner)):
            first, *others = run
            for item in others:
                first.absorb(item)
            self.groups.append(first)
        del self.recent[:moved]
        while len(self.groups) > self.max_groups:
            self._join_most_alike()

    def _join_most_alike(self) -> None:
        vectors = unit(np.stack([group.vector for group in self.groups]))
        labels = np.array(
            [(group.voice, group.label, NOBODY if group.said is None else group.said, group.owner) for group in self.groups]
        )
        alike = np.all(labels[:, np.newaxis] == labels[np.newaxis], axis=2)
        cosines = np.where(np.triu(alike, 1), vectors @ vectors.T, -np.inf)
        first, second = np.unravel_index(int(cosines.argmax()), cosines.shape)
        joined, later = self.groups[first], self.groups.pop(int(second))
        joined.absorb(later)

    def snapshot(self) -> State:
        """Vectors, weights, stretches and labels; no audio."""
        return {
            "recent": [_item_state(item) for item in self.recent],
            "groups": [_item_state(item) for item in self.groups],
        }

    def restore(self, state: State) -> None:
        """Takes over what ``snapshot`` gave."""
        self.recent = [_item(one) for one in cast(Sequence[State], state["recent"])]
        self.groups = [_item(one) for one in cast(Sequence[State], state["groups"])]


def _hearing(items: Sequence[Item]) -> Hearing:
    return Hearing.of([item.stretches[0] for item in items], [item.heard for item in items], [item.begins for item in items])


def _unheard(span: Span, dimension: int) -> Item:
    return Item(np.zeros(dimension, dtype=np.float32), 0.0, [span])


def _item_state(item: Item) -> State:
    return {
        "vector": item.vector,
        "weight": item.weight,
        "stretches": np.array(item.stretches, dtype=np.int64),
        "heard": list(item.heard),
        "begins": item.begins,
        "label": item.label,
        "said": item.said,
        "owner": item.owner,
        "voice": item.voice,
    }


def _item(state: State) -> Item:
    return Item(
        vector=float_array(state["vector"]),
        weight=cast(float, state["weight"]),
        stretches=[(int(start), int(end)) for start, end in np.asarray(state["stretches"], dtype=np.int64)],
        heard=cast("Span", tuple(cast("list[int]", state["heard"]))),
        begins=cast(bool, state["begins"]),
        label=cast(int, state["label"]),
        said=cast("int | None", state["said"]),
        owner=cast(int, state["owner"]),
        voice=cast(int, state["voice"]),
    )
