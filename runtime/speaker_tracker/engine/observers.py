"""The observers of one server process: configured like stages, notified together."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from speaker_tracker.engine.offers import ConfiguredObserver, OfferKind
from speaker_tracker.engine.plugins import PluginManager
from speaker_tracker.errors import UserError
from speaker_tracker.observer import Endpoint, Observer, ObserverLoadError, ServerProcessInfo

logger = logging.getLogger(__name__)

OBSERVERS_SETTING = "SPEAKER_TRACKER_OBSERVERS"
OBSERVER_OPTIONS_SETTING = "SPEAKER_TRACKER_OBSERVER_OPTIONS"


class ObserverConfigurationError(UserError):
    """An observer cannot work as configured; the message is one sentence that names it, the setting and the choices."""


OBSERVERS = OfferKind("observer", OBSERVERS_SETTING, OBSERVER_OPTIONS_SETTING, ObserverConfigurationError, ObserverLoadError)


def configure_observers(
    plugins: PluginManager, names: Sequence[str], options: Mapping[str, Mapping[str, Any]]
) -> list[ConfiguredObserver]:
    """Checks and returns the observers named; nothing is loaded.

    ``options``: by observer; those of observers on offer but not named are checked as well. Raises ``ObserverConfigurationError``.
    """
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ObserverConfigurationError(f"{OBSERVERS_SETTING} names {name!r} twice")
    return OBSERVERS.configure(plugins.observers, names, options)


def load_observers(configured: Iterable[ConfiguredObserver]) -> Observers:
    """Loads observers for this process. Raises ``ObserverConfigurationError``."""
    return Observers([(each.name, _load(each)) for each in configured])


def _load(configured: ConfiguredObserver) -> Observer:
    observer = OBSERVERS.load(configured)
    if not isinstance(observer, Observer):
        raise ObserverConfigurationError(
            f"observer {configured.name!r} of {configured.provided.provider} was loaded as {observer!r}, which is no Observer; "
            f"mend it or take it out of {OBSERVERS_SETTING}"
        )
    return observer


class Observers(Observer):
    """Notifies all observers; what one raises is logged the first time, and affects neither the others nor the sessions.

    One that fails to start gets no further notifications. ``observers``: pairs of name and observer.
    """

    def __init__(self, observers: Sequence[tuple[str, Observer]] = ()) -> None:
        self._observers = tuple(observers)
        self._failed: set[tuple[str, str]] = set()

    def __bool__(self) -> bool:
        return bool(self._observers)

    def started(self, process: ServerProcessInfo) -> None:
        """Notifies all observers and drops those that fail."""
        self._notify("started", process)
        self._observers = tuple(each for each in self._observers if (each[0], "started") not in self._failed)

    def session_opened(self) -> None:
        """Notifies all observers."""
        self._notify("session_opened")

    def session_ended(self) -> None:
        """Notifies all observers."""
        self._notify("session_ended")

    def refused(self, reason: str) -> None:
        """Notifies all observers."""
        self._notify("refused", reason)

    def failed(self, code: str) -> None:
        """Notifies all observers."""
        self._notify("failed", code)

    def audio_handled(self, seconds: float, lag_seconds: float) -> None:
        """Notifies all observers."""
        self._notify("audio_handled", seconds, lag_seconds)

    def stage_took(self, stage: str, seconds: float) -> None:
        """Notifies all observers."""
        self._notify("stage_took", stage, seconds)

    def stage_counted(self, stage: str, what: str, total: int) -> None:
        """Notifies all observers."""
        self._notify("stage_counted", stage, what, total)

    def endpoints(self) -> Mapping[str, Endpoint]:
        """Endpoints of all observers, by path. Raises ``ObserverConfigurationError`` if two have the same path."""
        found: dict[str, tuple[str, Endpoint]] = {}
        for name, observer in self._observers:
            for path, endpoint in self._endpoints_of(name, observer).items():
                if path in found:
                    raise ObserverConfigurationError(
                        f"observers {found[path][0]!r} and {name!r} both answer {path}; give one of them another path"
                    )
                found[path] = (name, endpoint)
        return {path: endpoint for path, (_, endpoint) in found.items()}

    def _endpoints_of(self, name: str, observer: Observer) -> Mapping[str, Endpoint]:
        try:
            return dict(observer.endpoints())
        except Exception:
            logger.exception("observer %r failed in endpoints; it answers none", name)
            return {}

    def close(self) -> None:
        """Notifies all observers."""
        self._notify("close")

    def _notify(self, method: str, *arguments: Any) -> None:
        for name, observer in self._observers:
            try:
                getattr(observer, method)(*arguments)
            except Exception:
                if self._is_first_failure(name, method):
                    logger.exception("observer %r failed in %s; that is logged once", name, method)

    def _is_first_failure(self, name: str, method: str) -> bool:
        is_first = (name, method) not in self._failed
        self._failed.add((name, method))
        return is_first
