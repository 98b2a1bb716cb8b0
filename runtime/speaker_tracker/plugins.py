"""The address that ``PluginManager`` had in 0.1; it stands in ``speaker_tracker.engine.plugins`` now."""

from speaker_tracker.engine.plugins import PluginManager

__all__ = ["PluginManager"]
