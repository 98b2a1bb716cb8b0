"""Finds out whether a type holds secrets, however deep: in lists, tables, one of several types, models in models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

SECRET_TYPES = (SecretStr, SecretBytes, Secret)


class SecretScan:
    """Looks for secrets in the type ``annotation``.

    ``holds_secret``: one of pydantic's secret types is in it, or something that cannot be looked into. ``names``: of the fields of
    all models in it.
    """

    def __init__(self, annotation: Any) -> None:
        self.holds_secret = False
        self.names: set[str] = set()
        self._seen: dict[int, Any] = {}
        self._take_apart(annotation)

    def _take_apart(self, annotation: Any) -> None:
        if annotation is None or id(annotation) in self._seen:
            return
        self._seen[id(annotation)] = annotation  # held, so that nothing else gets its number
        # An alias by the statement `type` has its value in an attribute.
        for part in (*get_args(annotation), get_origin(annotation), getattr(annotation, "__value__", None)):
            self._take_apart(part)
        if isinstance(annotation, type):
            self.holds_secret = self.holds_secret or issubclass(annotation, SECRET_TYPES)
            for name, inner in self._fields(annotation).items():
                self.names.add(name)
                self._take_apart(inner)

    def _fields(self, of: type) -> Mapping[str, Any]:
        """Of models, and of dataclasses, typed dictionaries and named tuples, which pydantic takes as well."""
        if issubclass(of, BaseModel):
            return {name: field.annotation for name, field in of.model_fields.items()}
        if of.__module__ == "builtins":
            return {}
        try:
            return get_type_hints(of, include_extras=True)
        except (NameError, TypeError):  # of types that are not at hand here
            self.holds_secret = True
            return {}
