"""The stage ``cloudevents_reporter``: posts the report of each session as a CloudEvent, such as to a broker of Knative.

It stands after ``reporter`` in a chain and passes the report on at once; delivery goes on in the background (``delivery``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, cast

from speaker_tracker import hookimpl
from speaker_tracker.errors import MissingExtraError
from speaker_tracker.events import SAMPLE_RATE, AudioClock, ClientMessage, Event
from speaker_tracker.protocol import ReportMessage
from speaker_tracker.stage import Answer, LoadedStage, SessionInfo, StageBase, StageLoadError, StageSpec, State
from speaker_tracker_plugins.cloudevents_reporter.delivery import EventDelivery, SessionReport
from speaker_tracker_plugins.cloudevents_reporter.destination import (
    CA_CERTS_VARIABLE,
    OVERRIDES_VARIABLE,
    SINK_VARIABLE,
    SinkAddress,
    parse_address,
    parse_overrides,
    trusting,
)
from speaker_tracker_plugins.cloudevents_reporter.options import EXAMPLE, CloudEventsReporterOptions, revealed

Parsed = TypeVar("Parsed")


class CloudEventsReporter(StageBase):
    """Hands one session's report over when it passes."""

    def __init__(self, session: SessionInfo, hand_over: Callable[[SessionReport], None]) -> None:
        self._session = session
        self._hand_over = hand_over
        self._position = 0

    def feed(self, event: Event) -> Iterator[Answer]:
        """Remembers the clock, and hands the report over."""
        match event:
            case AudioClock():
                self._position = event.position
            case ClientMessage(message=ReportMessage() as report):
                self._hand_over(
                    SessionReport(
                        session_id=self._session.session_id,
                        num_speakers=self._session.num_speakers,
                        audio_ms=self._position * 1000 // SAMPLE_RATE,
                        report=_without_voiceprints(report).model_dump_json(),
                    )
                )
        yield event

    def snapshot(self) -> State:
        """Position of the clock."""
        return {"position": self._position}

    def restore(self, state: State) -> None:
        """Goes on from that position."""
        self._position = cast(int, state["position"])


def _without_voiceprints(report: ReportMessage) -> ReportMessage:
    """The report as a sink is sent it: voiceprints are the client's alone."""
    return report.model_copy(update={"speakers": [each.model_copy(update={"voiceprint": None}) for each in report.speakers]})


def _load(options: CloudEventsReporterOptions) -> LoadedStage:
    try:
        from speaker_tracker_plugins.cloudevents_reporter.sink import EventForm, HttpSink, RetryPolicy  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        package = (error.name or "cloudevents").partition(".")[0]
        raise StageLoadError(str(MissingExtraError.of("posting events", package, "cloudevents"))) from error
    address = _address(options)
    sink = HttpSink(
        address,
        revealed(options.headers),
        _from_environment(CA_CERTS_VARIABLE, trusting),
        EventForm(options.mode, options.source, options.type, _extensions()),
        RetryPolicy(options.timeout_seconds, options.retries, options.backoff_seconds, options.max_pause_seconds),
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
