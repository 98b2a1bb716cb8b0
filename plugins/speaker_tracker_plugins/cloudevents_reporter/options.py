"""Options of ``cloudevents_reporter``, checked without ever showing a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, PlainSerializer, SecretStr

from speaker_tracker.stage import StageOptions
from speaker_tracker_plugins.cloudevents_reporter.destination import Mode, check_headers, parse_address

ATTRIBUTE = re.compile(r"[\x21-\x7e]+")
EXAMPLE = "https://events.example.com/reports"


def _checked_sink(sink: SecretStr) -> SecretStr:
    try:
        parse_address(sink.get_secret_value())
    except ValueError as error:
        raise ValueError(f"{error}; right is, for example, {EXAMPLE}") from error
    return sink


def _shown_sink(sink: SecretStr) -> str:
    return parse_address(sink.get_secret_value()).shown


def _checked_headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    check_headers(revealed(headers))
    return headers


def revealed(headers: Mapping[str, SecretStr]) -> dict[str, str]:
    """The headers with their values, which may be secret."""
    return {name: value.get_secret_value() for name, value in headers.items()}


def _checked_attribute(value: str) -> str:
    if not ATTRIBUTE.fullmatch(value):
        raise ValueError("it must be printable ASCII without spaces, and not empty")
    return value


Sink = Annotated[SecretStr, AfterValidator(_checked_sink), PlainSerializer(_shown_sink, return_type=str)]
Headers = Annotated[dict[str, SecretStr], AfterValidator(_checked_headers)]
Attribute = Annotated[str, AfterValidator(_checked_attribute)]


class CloudEventsReporterOptions(StageOptions):
    """Options of ``cloudevents_reporter``."""

    sink: Sink | None = Field(None, description="URL that events are posted to; default: the environment variable K_SINK")
    headers: Headers = Field({}, description="headers to send along, such as Authorization; never shown")
    mode: Mode = Field("binary", description="attributes in headers, or in the body with the data")
    source: Attribute = Field("/speaker-tracker", description="the event's source, a URI reference")
    type: Attribute = Field("speaker-tracker.session.report.v1", description="the event's type")
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = Field(10.0, description="time to connect, and again for an answer")
    retries: Annotated[int, Field(ge=0, le=100)] = Field(6, description="attempts beyond the first")
    backoff_seconds: Annotated[float, Field(ge=0, le=60)] = Field(
        0.5,
        description="pauses before retries: none, twice this, four times this and so on, plus a random part up to this",
    )
    max_pause_seconds: Annotated[float, Field(ge=0, le=3600)] = Field(
        60.0, description="longest pause, even if the sink demands a longer one by Retry-After"
    )
    max_waiting_mib: Annotated[float, Field(gt=0, le=1024)] = Field(
        16.0, description="memory for events that wait to be delivered; those that do not fit are lost"
    )
    closing_seconds: Annotated[float, Field(ge=0, le=600)] = Field(
        5.0, description="time for delivering waiting events at shutdown"
    )
