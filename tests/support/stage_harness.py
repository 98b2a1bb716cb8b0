"""Runs one stage by itself, by name, as ``speaker_tracker.testing`` does."""

from typing import Any

from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.stage import LoadedStage
from speaker_tracker.testing import audio_blocks as blocks
from speaker_tracker.testing import of_type, open_stage
from speaker_tracker.testing import pcm_frames as frames
from speaker_tracker.testing import run_stage as run

__all__ = ["blocks", "frames", "load", "of_type", "open_stage", "run"]


def load(name: str, **options: Any) -> LoadedStage:
    """The stage of that name as its plugin offers it, loaded with ``options``."""
    spec = PluginManager().stages[name].spec
    return spec.load(spec.options.model_validate(options))
