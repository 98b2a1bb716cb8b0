"""Builds the chain and the observers from settings, the same for server workers and commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from speaker_tracker.engine.chain import STAGES, Chain, configure
from speaker_tracker.engine.collector import collector_paused
from speaker_tracker.engine.deferred_import import deferred_imports
from speaker_tracker.engine.observers import Observers, configure_observers, load_observers
from speaker_tracker.engine.offers import ConfiguredObserver, ConfiguredStage
from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.settings import Settings
from speaker_tracker.stage import LoadedStage, StageOptions

UNUSED_MODULES = ("scipy.stats",)
"""Packages that libraries of the stages import and the stages do not use, and that take a good part of a second."""


def find_plugins(settings: Settings) -> PluginManager:
    """All plugins that are not blocked. Raises ``PluginError``."""
    return PluginManager(settings.blocked_plugins)


def configure_chain(settings: Settings, plugins: PluginManager | None = None) -> list[ConfiguredStage]:
    """The chain as configured, checked but not loaded. Raises ``PluginError`` and ``ChainError``."""
    plugins = plugins or find_plugins(settings)
    return configure(plugins, settings.stages, _with_model_cache(settings, plugins, settings.stages))


def load_stage(settings: Settings, name: str) -> tuple[StageOptions, LoadedStage]:
    """One stage by itself, in the chain or not: its options as configured, and what it loads.

    Raises ``PluginError`` and ``ChainError``.
    """
    plugins = find_plugins(settings)
    (configured,) = STAGES.configure(plugins.stages, [name], _with_model_cache(settings, plugins, [name]))
    return configured.options, STAGES.load(configured)


def _with_model_cache(settings: Settings, plugins: PluginManager, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Options in which the setting ``model_cache`` is the default of each stage's option of that name."""
    options = dict(settings.stage_options)
    if settings.model_cache is None:
        return options
    for name in names:
        if name in plugins.stages and "model_cache" in plugins.stages[name].spec.options.model_fields:
            options[name] = {"model_cache": settings.model_cache, **options.get(name, {})}
    return options


def build_chain(settings: Settings) -> Chain:
    """The chain as configured, with its models loaded. Raises ``PluginError`` and ``ChainError``."""
    configured = configure_chain(settings)
    with deferred_imports(*UNUSED_MODULES), collector_paused():
        return Chain(configured)


def find_observers(settings: Settings, plugins: PluginManager | None = None) -> list[ConfiguredObserver]:
    """The observers as configured, checked but not loaded. Raises ``PluginError`` and ``ObserverConfigurationError``."""
    return configure_observers(plugins or find_plugins(settings), settings.observers, settings.observer_options)


def build_observers(settings: Settings) -> Observers:
    """The observers as configured, loaded. Raises ``PluginError`` and ``ObserverConfigurationError``."""
    return load_observers(find_observers(settings))
