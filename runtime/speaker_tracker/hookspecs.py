"""The hooks that a plugin may implement (pluggy project ``speaker_tracker``)."""

from collections.abc import Sequence

import pluggy

from speaker_tracker.observer import ObserverSpec
from speaker_tracker.stage import StageSpec

PROJECT = "speaker_tracker"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's hook: ``from speaker_tracker import hookimpl``."""


@hookspec
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """The stages that this plugin offers. Called once at start; must be quick, so heavy imports belong into ``load``.

    Order among plugins means nothing: the order of a chain is a setting, and data never passes through a hook.
    """
    raise AssertionError("a hook specification is never called")  # pragma: no cover


@hookspec
def speaker_tracker_observers() -> Sequence[ObserverSpec]:
    """The observers that this plugin offers. Called once at start; must be quick, so heavy imports belong into ``load``.

    An observer is in use only if the setting ``observers`` names it.
    """
    raise AssertionError("a hook specification is never called")  # pragma: no cover
