"""Speaker Tracker: live speaker diarization."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from speaker_tracker.hookspecs import hookimpl
    from speaker_tracker.live import LiveTracker, load_models

    __version__: str

__all__ = ["LiveTracker", "__version__", "hookimpl", "load_models"]


def __getattr__(name: str) -> Any:
    """Lazily imported names of the package (PEP 562): a client needs neither pluggy nor NumPy."""
    if name == "hookimpl":
        from speaker_tracker.hookspecs import hookimpl  # noqa: PLC0415 - see above

        return hookimpl
    if name in {"LiveTracker", "load_models"}:
        from importlib import import_module  # noqa: PLC0415 - they need NumPy, and all that is below them

        return getattr(import_module("speaker_tracker.live"), name)
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - slow to import, too

        return version("speaker-tracker")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
