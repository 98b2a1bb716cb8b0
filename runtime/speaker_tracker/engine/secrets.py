"""Detects secrets in a type at any depth: in lists, tables, unions, nested models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

SECRET_TYPES = (SecretStr, SecretBytes, Secret)


class SecretScan:
    """Looks for secrets in the type ``annotation``.

    ``holds_secret``: whether it contains one of pydantic's secret types, or a type that cannot be inspected. ``names``: names of
    the fields of all models in it.
    """

    def __init__(self, annotation: Any) -> None:
        self.holds_secret = False
        self.names: set[str] = set()
        self._seen: dict[int, Any] = {}
        self._scan(annotation)

    def _scan(self, annotation: Any) -> None:
        if annotation is None or id(annotation) in self._seen:
            return
        self._seen[id(annotation)] = annotation  # kept alive, so that its id is not reused
        # An alias made by the `type` statement has its value in an attribute.
        for part in (*get_args(annotation), get_origin(annotation), getattr(annotation, "__value__", None)):
            self._scan(part)
        if isinstance(annotation, type):
            self.holds_secret = self.holds_secret or issubclass(annotation, SECRET_TYPES)
            for name, inner in self._fields(annotation).items():
                self.names.add(name)
                self._scan(inner)

    def _fields(self, of: type) -> Mapping[str, Any]:
        """Annotations by field name, also of dataclasses, typed dictionaries and named tuples, which pydantic accepts as well."""
        if issubclass(of, BaseModel):
            return {name: field.annotation for name, field in of.model_fields.items()}
        if of.__module__ == "builtins":
            return {}
        try:
            return get_type_hints(of, include_extras=True)
        except (NameError, TypeError):  # forward references to types that are not importable here
            self.holds_secret = True
            return {}
