"""Validation of the options of a stage or an observer, with one-sentence errors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import AliasChoices, ValidationError
from pydantic.fields import FieldInfo

from speaker_tracker.engine.secrets import SecretScan
from speaker_tracker.errors import NOT_SHOWN
from speaker_tracker.stage import StageOptions

logger = logging.getLogger(__name__)

Options = TypeVar("Options", bound=StageOptions)


def validated(
    model: type[Options], values: Mapping[str, Any], *, what: str, setting: str, fail: Callable[[str], Exception]
) -> Options:
    """Validates ``values`` by ``model``.

    ``what``: for sentences, such as ``stage 'silero_vad'``. ``setting``: prefix of the options' environment variables, such as
    ``SPEAKER_TRACKER_STAGE_OPTIONS__SILERO_VAD``. ``fail``: makes the exception to raise from a sentence that names the
    option, the setting and what is right; values of options that are secret, or contain a secret, are not shown.
    """
    try:
        options = model.model_validate(values)
    except ValidationError as error:
        raise fail(_sentence(model, error, what, setting)) from error
    for name in values:
        if (current := current_name(model, name)) != name:
            _warn_of_former_name(what, name, current, f"{setting}__{current.upper()}")
    return options


def option_names(name: str, field: FieldInfo) -> list[str]:
    """All names that the option ``name`` may be set by: its own, then its former ones, which are deprecated.

    Former names are the further choices of an ``AliasChoices`` whose first choice is the name itself.
    """
    alias = field.validation_alias
    former = [choice for choice in alias.choices if isinstance(choice, str)] if isinstance(alias, AliasChoices) else []
    return list(dict.fromkeys([name, *former]))


def current_name(model: type[StageOptions], name: str) -> str:
    """The name of the option that has or had ``name``; ``name`` itself where there is none."""
    return next((current for current, field in model.model_fields.items() if name in option_names(current, field)), name)


@cache  # so that it is logged once by each process
def _warn_of_former_name(what: str, former: str, current: str, variable: str) -> None:
    logger.warning("option %r of %s is now called %r (set by %s); the old name is deprecated", former, what, current, variable)


def describe_error(error: Exception) -> str:
    """Type and message of a plugin's error, on one line; without the values in pydantic's errors, as these may be secret."""
    text = str(error)
    if isinstance(error, ValidationError):
        parts = error.errors(include_url=False, include_context=False, include_input=False)
        text = "; ".join(": ".join([*map(str, part["loc"][:1]), part["msg"]]) for part in parts)
    return f"{type(error).__name__}: {' '.join(text.split())}"


def _sentence(model: type[StageOptions], error: ValidationError, what: str, setting: str) -> str:
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        return f"options of {what} do not fit together: {first['msg']}"
    option, *inner = first["loc"]
    variable = f"{setting}__{str(option).upper()}"
    current = current_name(model, str(option))
    if first["type"] == "extra_forbidden" and not inner and current != option:
        return f"{what} has option {current!r} set twice, once by its old name {option!r} (set by {variable}); remove the old one"
    if first["type"] == "extra_forbidden" and not inner:
        choices = ", ".join(model.model_fields) or "none"
        return f"{what} has no option {option!r} (set by {variable}); its options: {choices}"
    if first["type"] == "missing" and not inner:
        return f"option {option!r} of {what} has no default and must be set (by {variable})"
    field = model.model_fields.get(current)
    scan = SecretScan(field.annotation if field else model)
    shown = NOT_SHOWN if scan.holds_secret else repr(first["input"])
    # Other parts may be keys of tables, which may be secret too, or pydantic's names for the types of a union.
    place = ".".join(str(part) for part in inner if isinstance(part, int) or part in scan.names)
    at = f" (at {place})" if place else ""
    return f"option {option!r} of {what} (set by {variable}) cannot be {shown}: {first['msg']}{at}"
