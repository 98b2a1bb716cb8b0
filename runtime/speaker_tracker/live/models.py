"""Loaded chains, each shared by all trackers of a process that are configured alike."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from speaker_tracker.engine.assembly import build_chain
from speaker_tracker.engine.chain import Chain
from speaker_tracker.engine.known_voices import KnownVoiceLimits
from speaker_tracker.settings import Settings, load_settings

CHAIN_SETTINGS = frozenset(
    {"stages", "stage_options", "model_cache", "blocked_plugins", "known_voices", "max_known_voices", "max_voice_name_length"}
)
"""Settings by which two chains differ, or what is asked of them does."""


class TrackerModels:
    """A chain whose models are loaded, for any number of trackers at once, in any threads.

    ``settings``: what it is made of. Raises ``PluginError`` and ``ChainError``.
    """

    def __init__(self, settings: Settings) -> None:
        self.chain: Chain = build_chain(settings)
        self.voice_limits = KnownVoiceLimits(settings.max_known_voices, settings.max_voice_name_length)
        self.voice_model = self.chain.voice_model if settings.known_voices else None

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages, in order."""
        return tuple(stage.name for stage in self.chain.configured)

    def close(self) -> None:
        """Releases the models; no tracker may be at work with them. Not needed at the end of a program."""
        with _LOCK:
            for key in [key for key, models in _LOADED.items() if models is self]:
                del _LOADED[key]
        self.chain.close()


_LOCK = threading.Lock()
_LOADED: dict[str, TrackerModels] = {}


def load_models(
    *, stages: Sequence[str] | None = None, stage_options: Mapping[str, Mapping[str, Any]] | None = None
) -> TrackerModels:
    """The models for these settings, loaded at the first call and shared by all later ones until they are closed.

    ``stages``: names of the stages, in order; ``stage_options``: options by stage name. What is None comes from the environment
    and from the file of settings, as on a server. Raises ``SettingsError``, ``PluginError`` and ``ChainError``.
    """
    given: dict[str, Any] = {}
    if stages is not None:
        given["stages"] = list(stages)
    if stage_options is not None:
        given["stage_options"] = {name: dict(options) for name, options in stage_options.items()}
    settings = load_settings(**given)
    key = json.dumps(settings.model_dump(include=set(CHAIN_SETTINGS)), sort_keys=True, default=str)
    with _LOCK:
        if key not in _LOADED:
            _LOADED[key] = TrackerModels(settings)
        return _LOADED[key]
