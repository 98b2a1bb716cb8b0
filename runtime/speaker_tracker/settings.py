"""All settings: environment variables with the prefix ``SPEAKER_TRACKER_``, a TOML file, and options of the command line.

The command line has priority over the environment, that over the file, and that over the defaults. ``PORT``, which platforms set,
comes between the environment and the file.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from speaker_tracker.errors import NOT_SHOWN, UserError

PREFIX = "SPEAKER_TRACKER_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
PORT_VARIABLE = "PORT"
"""Port chosen by platforms that run containers."""

DEFAULT_STAGES = (
    "frame_decoder",
    "silero_vad",
    "speaker_segmentation",
    "speechbrain_embedding",
    "kmeans_assigner",
    "timing_aggregator",
    "reporter",
)
"""Names of the stages of the default chain, in order."""

OPTIONS_SETTINGS = ("stage_options", "observer_options")
"""Nested settings, such as ``SPEAKER_TRACKER_STAGE_OPTIONS__SILERO_VAD__THRESHOLD``."""

EXAMPLES = {
    "stage_options": ('{"silero_vad": {"threshold": 0.5}}', '{"threshold": 0.5}'),
    "observer_options": ('{"prometheus": {"path": "/metrics"}}', '{"path": "/metrics"}'),
}
"""Examples of a whole setting and of the part for one stage or observer."""

LONGEST_SECONDS = 1e9
"""Upper bound of durations, decades: the system's timers do not accept arbitrary values."""

Seconds = Annotated[float, Field(gt=0, le=LONGEST_SECONDS, allow_inf_nan=False)]
SecondsOrZero = Annotated[float, Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)]
Token = Annotated[SecretStr, Field(min_length=1)]
MIN_SECRET_LENGTH = 32
"""Fewest characters of a secret that signs or encrypts: as many as HMAC-SHA-256 has bytes (RFC 2104, section 3)."""

LongSecret = Annotated[SecretStr, Field(min_length=MIN_SECRET_LENGTH)]
OFF = "off"
"""Value of a setting for something that is not wanted."""


def _as_list(value: Any) -> Any:
    """Parses a list from the text of an environment variable: JSON, or names separated by commas."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        names = [name for name in (part.strip() for part in value.split(",")) if name]
        if not names:  # an empty secret must not open the server to everybody
            raise ValueError("it is empty; write [] for an empty list, or unset it")
        return names
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError('it begins as JSON and is none; write ["one", "two"] or one,two') from error


ListFromText = (NoDecode, BeforeValidator(_as_list))


def _check_path(value: Any) -> Any:
    """Rejects empty paths, which would mean the current folder."""
    if isinstance(value, str) and (not value or "\0" in value):
        raise ValueError("it is no path; give one, or unset it")
    if not isinstance(value, str | Path):
        raise ValueError("a path is text")  # noqa: TRY004 - pydantic passes a TypeError on
    return value


NonEmptyPath = Annotated[Path, BeforeValidator(_check_path)]


def _check_origin(value: str) -> str:
    """Rejects values that no browser sends, which would lock out all of them."""
    if not re.fullmatch(r"\*|null|[a-z][a-z0-9+.-]*://[^*/?#\s]*/?", value, re.IGNORECASE):
        raise ValueError("an origin is a scheme and a host, such as https://app.example.com, or * for all")
    return value


Origin = Annotated[str, AfterValidator(_check_origin)]


def _check_store(value: str) -> str:
    """Rejects what names no store of sessions."""
    if value in {"memory", OFF} or re.fullmatch(r"sqlite:(?!///?$).+|(redis|rediss|unix)://.+", value):
        return value
    raise ValueError("it must be memory, off, sqlite:PATH, or the address of a Redis, such as redis://HOST:6379")


def _check_plain_path(value: str) -> str:
    """Rejects what is no path of a WebSocket."""
    if re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", value):
        return value
    raise ValueError("it must be a path such as /ws/twilio: slashes, letters, digits and any of ._~-")


class SettingsError(UserError):
    """A setting is wrong; the message is one sentence that names the setting and what is right."""


class Settings(BaseSettings):
    """Settings of the server and of the pipeline, documented by each field's description."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    host: Annotated[str, Field(min_length=1)] = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="port to listen on; 0 takes a free one")
    workers: Annotated[int, Field(ge=1, le=256)] = Field(1, description="server processes")
    preload: bool = Field(True, description="load the chain once for all processes, where the system and the chain allow it")
    tls_cert: NonEmptyPath | None = Field(None, description="PEM file with the certificate chain; with tls_key it switches TLS on")
    tls_key: NonEmptyPath | None = Field(None, description="PEM file with the private key")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")
    log_format: Literal["text", "json"] = Field("text", description="text, or json: one object a line")
    log_addresses: bool = Field(False, description="whether the log tells the addresses of clients")

    max_sessions: Annotated[int, Field(ge=1)] = Field(
        200, description="open sessions of all processes together; more clients are told to try later"
    )
    max_sessions_per_address: Annotated[int, Field(ge=0)] = Field(
        0, description="open sessions of one client address, in all processes together; 0: there is no such limit"
    )
    trusted_hops: Annotated[int, Field(ge=0, le=32)] = Field(
        0, description="proxies in front of the server, whose entries in X-Forwarded-For are believed"
    )
    start_timeout_seconds: Seconds = Field(10.0, description="time for a handshake, and then for the first message")
    max_waiting_connections: Annotated[int, Field(ge=1)] = Field(
        100, description="connections of a process that have said nothing yet; one more ends that which has waited longest"
    )
    max_messages_per_second: Annotated[float, Field(ge=1, le=1e6, allow_inf_nan=False)] = Field(
        200.0, description="messages without audio of a client, for each second of time and of audio, averaged over ten"
    )
    max_held_audio_mb: Annotated[int, Field(ge=1, le=1 << 20)] = Field(
        256, description="audio that a process holds until it is processed, in MiB; above it those that send most must wait"
    )
    max_lag_ms: Annotated[float, Field(ge=0, le=60_000, allow_inf_nan=False)] = Field(
        300.0, description="delay of answers above which no more sessions are taken; 0: there is no such limit"
    )
    max_frame_bytes: Annotated[int, Field(ge=2)] = Field(1 << 20, description="longest binary or text frame accepted")
    max_session_seconds: Seconds = Field(8 * 3600.0, description="audio that one session may send")
    idle_timeout_seconds: Seconds = Field(60.0, description="time without data after which a client is disconnected")
    grace_seconds: SecondsOrZero = Field(20.0, description="time for running sessions to get their report at shutdown")
    worker_threads: Annotated[int, Field(ge=0, le=1024)] = Field(
        0, description="threads for CPU-heavy stages; 0: one for each core, at most 4, shared out among workers"
    )
    batch_wait_ms: Annotated[int, Field(ge=0, le=1000)] = Field(
        40, description="time that audio waits for that of other sessions, to share model calls with it"
    )
    stage_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        60.0, description="time after which a stage that does not return is given up, with the sessions that wait for it"
    )
    allowed_origins: Annotated[list[Origin], *ListFromText] = Field(
        ["*"], description="values of the Origin header that browsers may connect from; * allows all"
    )
    tokens: Annotated[list[Token], *ListFromText] = Field(
        [], description="bearer tokens, one of which a client must show; empty: open to all"
    )
    tokens_file: NonEmptyPath | None = Field(None, description="file with further tokens, one a line, read again when it changes")
    token_secret: Annotated[list[LongSecret], *ListFromText] = Field(
        [], description="secrets of short-lived tokens: the first signs those of the command token, and each is good for a check"
    )
    protected_paths: Annotated[list[Literal["metrics", "page", "asyncapi"]], *ListFromText] = Field(
        [], description="what needs a token besides sessions: metrics (all paths of observers), page, asyncapi"
    )

    known_voices: bool = Field(True, description="recognize voices that clients know, and make voiceprints for those who ask")
    max_known_voices: Annotated[int, Field(ge=1, le=1000)] = Field(
        50, description="voiceprints that a client may bring to a session"
    )
    max_voice_name_length: Annotated[int, Field(ge=1, le=1000)] = Field(100, description="characters of a known voice's name")

    resume_store: Annotated[str, AfterValidator(_check_store)] = Field(
        "memory", description="where sessions are kept that clients may resume: memory, sqlite:PATH, redis://HOST, or off"
    )
    resume_seconds: Seconds = Field(300.0, description="time for which a session can be resumed after its connection was lost")
    resume_keys: Annotated[list[LongSecret], *ListFromText] = Field(
        [], description="secrets that kept sessions are encrypted with, of 32 characters or more: the first encrypts, all decrypt"
    )
    checkpoint_seconds: Annotated[float, Field(ge=0.5, le=600)] = Field(
        5.0, description="audio after which a session that can be resumed is saved"
    )

    twilio_path: Annotated[str, AfterValidator(_check_plain_path)] | None = Field(
        None, description="path that takes Twilio Media Streams, such as /ws/twilio; default: none does"
    )
    web_page: bool = Field(True, description="serve the web page at /")

    model_cache: NonEmptyPath | None = Field(None, description="folder for fetched models; default: the user's cache folder")
    blocked_plugins: Annotated[list[str], *ListFromText] = Field([], description="names of plugins not to load")
    stages: Annotated[list[str], *ListFromText] = Field(list(DEFAULT_STAGES), description="the chain: names of stages in order")
    stage_options: dict[str, dict[str, Any]] = Field({}, description="options by stage name")
    observers: Annotated[list[str], *ListFromText] = Field([], description="names of observers, such as prometheus")
    observer_options: dict[str, dict[str, Any]] = Field({}, description="options by observer name")

    @field_validator(*OPTIONS_SETTINGS, mode="after")
    @classmethod
    def _structured_strings(cls, options: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Parses lists and tables from JSON, as an environment variable can only hold text."""
        lowered: dict[str, dict[str, Any]] = {}
        for owner, values in options.items():  # sources of higher priority come later
            lowered.setdefault(owner.lower(), {}).update({name.lower(): _from_text(value) for name, value in values.items()})
        return lowered

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings names the arguments
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Sources in order of priority: command line, environment, the platform's ``PORT``, TOML file."""
        file = os.environ.get(CONFIG_VARIABLE)
        toml = [TomlConfigSettingsSource(settings_cls, Path(file))] if file else []
        return (init_settings, env_settings, _PlatformPort(settings_cls), *toml)


class _PlatformPort(PydanticBaseSettingsSource):
    """Source of the port that a platform assigns to a container in ``PORT``."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the base's signature
        """The value of the field ``port``; None for all others."""
        return (os.environ.get(PORT_VARIABLE) if field_name == "port" else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """The port, if ``PORT`` is set and not empty."""
        port = os.environ.get(PORT_VARIABLE)
        return {"port": port} if port else {}


def _from_text(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def load_settings(**given: Any) -> Settings:
    """Settings from all sources; ``given``: values of the command line, which have priority. Raises ``SettingsError``."""
    _check_config_file()
    _check_variable_names()
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from error
    except Exception as error:
        # pydantic-settings raises its own error where a variable is not the JSON that its field needs.
        field = re.search(r'field "(\w+)"', str(error))
        what = f"{PREFIX}{field[1].upper()} is not JSON" if field else str(error)
        example = EXAMPLES[field[1] if field and field[1] in EXAMPLES else "stage_options"][0]
        raise SettingsError(f"{what}; a table is written as JSON, such as '{example}'") from error


def _check_config_file() -> None:
    file = os.environ.get(CONFIG_VARIABLE)
    if file is None:
        return
    try:
        tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise SettingsError(
            f"{CONFIG_VARIABLE} names {file!r}, which is no file; give the path of a TOML file or unset it"
        ) from error
    except OSError as error:
        raise SettingsError(f"{file}, named by {CONFIG_VARIABLE}, cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}, named by {CONFIG_VARIABLE}, is not readable as TOML: {error}") from error


def _check_variable_names() -> None:
    """Rejects variables that fit no field, such as misspelt ones, which pydantic-settings would ignore silently."""
    for variable in os.environ:
        upper = variable.upper()
        if not upper.startswith(PREFIX) or upper == CONFIG_VARIABLE:
            continue
        name, *nested = upper.removeprefix(PREFIX).lower().split("__")
        if nested and name in Settings.model_fields and name not in OPTIONS_SETTINGS:
            raise SettingsError(f"environment variable {variable} is no setting; {PREFIX}{name.upper()} has no parts")
        if name not in Settings.model_fields:
            similar = get_close_matches(name, Settings.model_fields, n=1)
            hint = f"did you mean {PREFIX}{similar[0].upper()}? " if similar else ""
            known = ", ".join(field.upper() for field in Settings.model_fields)
            raise SettingsError(
                f"environment variable {variable} is no setting; {_service_hint(variable) or hint}"
                f"settings are {PREFIX} and one of {known}"
            )


def _service_hint(variable: str) -> str:
    """A hint for variables that Kubernetes sets in every pod: those of a service named speaker-tracker have this prefix."""
    if variable == f"{PREFIX}PORT" or re.match(rf"{PREFIX}(SERVICE_|PORT_\d)", variable):
        return "if Kubernetes made it of a Service named speaker-tracker, set enableServiceLinks: false for the pod; "
    return ""


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = "__".join(part for part in first["loc"] if isinstance(part, str))
    at = "".join(f" (at {part})" for part in first["loc"] if isinstance(part, int))
    if name == "port" and not os.environ.get(f"{PREFIX}PORT") and first["input"] == os.environ.get(PORT_VARIABLE):
        return f"{PORT_VARIABLE} cannot be {first['input']!r}: {first['msg']}"
    if name == "port" and str(first["input"]).startswith("tcp://"):
        return f"{PREFIX}PORT cannot be {first['input']!r}; {_service_hint(f'{PREFIX}PORT')}a port is a number"
    if first["type"] == "extra_forbidden":
        return f"{name!r} is no setting; settings are {', '.join(Settings.model_fields)}"
    message = first["msg"]
    if first["type"] == "dict_type":
        message = f"it must be a table, such as '{EXAMPLES[str(first['loc'][0])][len(first['loc']) - 1]}'"
    return f"{PREFIX}{name.upper()} cannot be {_shown(first['input'], name)}: {message}{at}"


def _shown(value: Any, name: str) -> str:
    """A value for an error message; tokens are secret, and options may be."""
    secrets_of = ("tokens", "token_secret", "resume_keys", "resume_store")
    return NOT_SHOWN if name in secrets_of or name.startswith(OPTIONS_SETTINGS) else repr(value)


def value_sources(given: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
    """Source of each value that is not a default, in a few words, by ``("port",)`` or ``("stage_options", stage, option)``."""
    found: dict[tuple[str, ...], str] = {}
    file = os.environ.get(CONFIG_VARIABLE)
    if file:
        _record(found, tomllib.loads(Path(file).read_text(encoding="utf-8")), file)
    if os.environ.get(PORT_VARIABLE):
        found["port",] = PORT_VARIABLE
    for variable in os.environ:
        upper = variable.upper()
        if upper.startswith(PREFIX) and upper != CONFIG_VARIABLE:
            match upper.removeprefix(PREFIX).lower().split("__"):
                case [("stage_options" | "observer_options") as setting]:
                    _record(found, {setting: json.loads(os.environ[variable])}, variable)
                case [("stage_options" | "observer_options") as setting, owner]:
                    _record(found, {setting: {owner: json.loads(os.environ[variable])}}, variable)
                case [*path]:
                    found[tuple(path[:3])] = variable
    _record(found, given, "command line")
    return found


def _record(found: dict[tuple[str, ...], str], values: Mapping[str, Any], source: str) -> None:
    for name, value in values.items():
        if name not in OPTIONS_SETTINGS:
            found[(name,)] = source
            continue
        for owner, options in value.items():
            for option in options:
                found[name, owner.lower(), option.lower()] = source
