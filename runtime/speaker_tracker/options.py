"""Validates the options of a stage or an observer and says in one sentence what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import SecretBytes, SecretStr, ValidationError

from speaker_tracker.stage import StageOptions

Options = TypeVar("Options", bound=StageOptions)


def validated(
    model: type[Options], values: Mapping[str, Any], *, what: str, setting: str, fail: Callable[[str], Exception]
) -> Options:
    """``values`` as ``model`` has them.

    ``what``: for sentences, such as ``stage 'silero_vad'``. ``setting``: the environment variable of an option less its last part,
    such as ``SPEAKER_TRACKER_STAGE_OPTIONS__SILERO_VAD``. Raises what ``fail`` makes of a sentence that names the option, the
    setting and what is right; values of secret options are not shown.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise fail(_sentence(model, error, what, setting)) from error


def _sentence(model: type[StageOptions], error: ValidationError, what: str, setting: str) -> str:
    first = error.errors(include_url=False)[0]
    option = str(first["loc"][0]) if first["loc"] else ""
    variable = f"{setting}__{option.upper()}"
    if first["type"] == "extra_forbidden":
        choices = ", ".join(model.model_fields) or "none"
        return f"{what} has no option {option!r} (set by {variable}); its options: {choices}"
    if not option:
        return f"options of {what} do not fit together: {first['msg']}"
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return f"option {option!r} of {what} has no default and must be set (by {variable})"
    field = model.model_fields.get(option)
    secret = field is not None and _is_secret(field.annotation)
    shown = "what it is (not shown)" if secret else repr(first["input"])
    return f"option {option!r} of {what} (set by {variable}) cannot be {shown}: {first['msg']}"


def _is_secret(annotation: Any) -> bool:
    """Also where the secret is part of the type, such as in a list."""
    if isinstance(annotation, type) and issubclass(annotation, SecretStr | SecretBytes):
        return True
    return any(_is_secret(part) for part in get_args(annotation))
