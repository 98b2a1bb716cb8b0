"""``cloudevents_reporter``: posts the report of each session as a CloudEvent, such as to a broker of Knative.

Behind ``reporter`` in a chain. The report passes through unchanged and without delay; delivery goes on in the background.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, TypeVar, cast

from pydantic import AfterValidator, Field, PlainSerializer, SecretStr

from speaker_tracker import hookimpl
from speaker_tracker.errors import MissingExtraError
from speaker_tracker.events import SAMPLE_RATE, AudioClock, ClientMessage, Event
from speaker_tracker.protocol import ReportMessage
from speaker_tracker.stage import Answer, LoadedStage, SessionInfo, StageBase, StageLoadError, StageOptions, StageSpec, State
from speaker_tracker_plugins.cloudevents_reporter.delivery import EventDelivery, SessionReport
from speaker_tracker_plugins.cloudevents_reporter.destination import (
    CA_CERTS_VARIABLE,
    OVERRIDES_VARIABLE,
    SINK_VARIABLE,
    Mode,
    SinkAddress,
    check_headers,
    parse_address,
    parse_overrides,
    trusting,
)

Parsed = TypeVar("Parsed")

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
    check_headers(_revealed(headers))
    return headers


def _revealed(headers: Mapping[str, SecretStr]) -> dict[str, str]:
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
        description="pauses before retries: none, twice this, four times this and so on, plus chance up to this",
    )
    max_pause_seconds: Annotated[float, Field(ge=0, le=3600)] = Field(
        60.0, description="longest pause, also where the sink asks for a longer one by Retry-After"
    )
    max_waiting_mib: Annotated[float, Field(gt=0, le=1024)] = Field(
        16.0, description="memory for events that wait to be delivered; those that do not fit are lost"
    )
    closing_seconds: Annotated[float, Field(ge=0, le=600)] = Field(
        5.0, description="time for what waits to be delivered when the server ends"
    )


class CloudEventsReporter(StageBase):
    """Hands one session's report over when it passes."""

    def __init__(self, session: SessionInfo, hand_over: Callable[[SessionReport], None]) -> None:
        self._session = session
        self._hand_over = hand_over
        self._position = 0

    def feed(self, event: Event) -> Iterator[Answer]:
        """Takes note of the clock and of the report."""
        match event:
            case AudioClock():
                self._position = event.position
            case ClientMessage(message=ReportMessage() as report):
                self._hand_over(
                    SessionReport(
                        session_id=self._session.session_id,
                        num_speakers=self._session.num_speakers,
                        audio_ms=self._position * 1000 // SAMPLE_RATE,
                        report=report.model_dump_json(),
                    )
                )
        yield event

    def snapshot(self) -> State:
        """How much audio there was."""
        return {"position": self._position}

    def restore(self, state: State) -> None:
        """How much audio there was."""
        self._position = cast(int, state["position"])


def _load(options: CloudEventsReporterOptions) -> LoadedStage:
    try:
        from speaker_tracker_plugins.cloudevents_reporter.sink import EventForm, HttpSink, Patience  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        package = (error.name or "cloudevents").partition(".")[0]
        raise StageLoadError(str(MissingExtraError.of("posting events", package, "cloudevents"))) from error
    address = _address(options)
    sink = HttpSink(
        address,
        _revealed(options.headers),
        _from_environment(CA_CERTS_VARIABLE, trusting),
        EventForm(options.mode, options.source, options.type, _extensions()),
        Patience(options.timeout_seconds, options.retries, options.backoff_seconds, options.max_pause_seconds),
    )
    delivery = EventDelivery(
        sink.post,
        sink=address.shown,
        max_waiting_bytes=round(options.max_waiting_mib * (1 << 20)),
        closing_seconds=options.closing_seconds,
    )
    return LoadedStage(
        lambda session: CloudEventsReporter(session, delivery.hand_over),
        info={"sink": address.host},
        close=delivery.close,
        counters=delivery.counters,
    )


def _address(options: CloudEventsReporterOptions) -> SinkAddress:
    if options.sink is not None:
        return parse_address(options.sink.get_secret_value())
    if not os.environ.get(SINK_VARIABLE):
        raise StageLoadError(
            f"it has nowhere to post to; set its option 'sink' or the environment variable {SINK_VARIABLE} to a URL "
            f"such as {EXAMPLE}"
        )
    return _from_environment(SINK_VARIABLE, parse_address)


def _extensions() -> dict[str, str]:
    return _from_environment(OVERRIDES_VARIABLE, parse_overrides) if os.environ.get(OVERRIDES_VARIABLE) else {}


def _from_environment(variable: str, parse: Callable[[str], Parsed]) -> Parsed:
    try:
        return parse(os.environ.get(variable, ""))
    except ValueError as error:
        raise StageLoadError(f"environment variable {variable} cannot be used: {error}") from error


@hookimpl
def speaker_tracker_stages() -> Sequence[StageSpec]:
    """Offers ``cloudevents_reporter``."""
    return [
        StageSpec(
            name="cloudevents_reporter",
            summary="posts the report of each session as a CloudEvent",
            options=CloudEventsReporterOptions,
            consumes=frozenset({AudioClock, ClientMessage}),
            produces=frozenset(),
            load=_load,
        )
    ]
