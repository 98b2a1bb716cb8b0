"""Modules whose import is put off until something in them is used.

scikit-learn and SpeechBrain import ``scipy.stats`` for functions that no stage calls, and that import takes as long as all else of
scikit-learn together.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any


class Deferred:
    """Stand-in for the object ``name`` of the module ``module``, which is imported at the first use."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __repr__(self) -> str:
        return f"<{self._module}.{self._name}, not imported yet>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the object answers."""
        return self._object()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """What the object has."""
        return getattr(self._object(), name)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        """The object as a base of a class."""
        return (self._object(),)

    def __instancecheck__(self, instance: Any) -> bool:
        """The object in ``isinstance``."""
        return isinstance(instance, self._object())

    def __subclasscheck__(self, subclass: Any) -> bool:
        """The object in ``issubclass``."""
        return issubclass(subclass, self._object())

    def _object(self) -> Any:
        return getattr(import_module(self._module), self._name)


class _DeferredModule(ModuleType):
    """Stand-in for a module while others are imported that take names from it."""

    def __init__(self, spec: ModuleSpec) -> None:
        super().__init__(spec.name)
        self.__spec__ = spec
        self.__path__ = spec.submodule_search_locations or []

    def __getattr__(self, name: str) -> Any:
        """Stand-in for an object of the module."""
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return Deferred(self.__name__, name)


@contextmanager
def deferred_imports(*modules: str) -> Iterator[None]:
    """Context in which importing ``modules`` (dotted names of packages) and taking names from them does not run them.

    A name that was taken works like the object itself: calling it, or asking it for an attribute, imports the module. After the
    context an import is an import again. Modules that are imported already, or are not installed, stay as they are.
    """
    stand_ins = {name: _DeferredModule(spec) for name in modules if name not in sys.modules and (spec := _spec(name)) is not None}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]
            parent, _, child = name.rpartition(".")
            if parent in sys.modules and vars(sys.modules[parent]).get(child) is stand_in:
                delattr(sys.modules[parent], child)


def _spec(name: str) -> ModuleSpec | None:
    """Specification of a package, found without importing what it is in; None where it is not installed."""
    top, *below = name.split(".")
    try:
        found = find_spec(top)
    except (ImportError, ValueError):
        return None
    folders = found.submodule_search_locations if found is not None else None
    places = [str(place) for folder in folders or () if (place := Path(folder, *below)).is_dir()]
    if not places:
        return None
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = places
    return spec
