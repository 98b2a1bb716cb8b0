"""An observer that remembers what it was told, for tests of whoever tells it."""

from collections.abc import Mapping
from typing import Any

from speaker_tracker.observer import Endpoint, HttpAnswer, Observer

TOLD = [name for name in vars(Observer) if not name.startswith("_") and name != "endpoints"]
"""The methods by which observers are told something."""


class RecordingObserver(Observer):
    """``told``: (method, arguments) in order. ``paths``: what it answers, each with the Accept header it was asked with.

    ``broken``: every method fails, after it has remembered.
    """

    def __init__(self, *paths: str, broken: bool = False) -> None:
        self.told: list[tuple[str, tuple[Any, ...]]] = []
        self.paths = paths
        self.broken = broken

    def _remember(self, method: str, *arguments: Any) -> None:
        self.told.append((method, arguments))
        if self.broken:
            raise ZeroDivisionError(method)

    def endpoints(self) -> Mapping[str, Endpoint]:
        self._remember("endpoints")
        return dict.fromkeys(self.paths, self._answer)

    async def _answer(self, accept: str) -> HttpAnswer:
        if self.broken:
            raise ZeroDivisionError
        return HttpAnswer("text/strange", f"asked for {accept}".encode())

    def of(self, method: str) -> list[Any]:
        """The arguments of each call of ``method``: one by itself, several as a tuple."""
        return [given[0] if len(given) == 1 else given for name, given in self.told if name == method]


def _remembering(method: str) -> Any:
    return lambda self, *arguments: self._remember(method, *arguments)


for _name in TOLD:
    setattr(RecordingObserver, _name, _remembering(_name))
