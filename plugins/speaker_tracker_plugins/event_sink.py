"""Posts reports of sessions as CloudEvents 1.0 over HTTP, with retries.

The CloudEvents SDK encodes the event by the HTTP protocol binding of CloudEvents; urllib3 decides on retries.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

import urllib3
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError, NewConnectionError
from urllib3.exceptions import TimeoutError as SlowError
from urllib3.util import Retry, Timeout

from speaker_tracker import __version__
from speaker_tracker_plugins.event_delivery import THREADS, DeliveryError, Pause, SessionReport
from speaker_tracker_plugins.event_destination import Mode, SinkAddress

METHOD = "POST"
RETRYABLE = frozenset({408, 425, 429, *range(500, 600)})
"""Statuses after which the same request may succeed."""
MAX_ANSWER_BYTES = 1 << 16
"""Longest response that is read to its end, so that the connection can be reused."""


@dataclass(frozen=True, slots=True)
class EventForm:
    """Attributes common to all events; ``mode``: content mode of the HTTP protocol binding of CloudEvents."""

    mode: Mode
    source: str
    type: str
    extensions: Mapping[str, str]

    def message(self, report: SessionReport) -> HTTPMessage:
        """The event for ``report``, with its headers."""
        attributes = {
            **self.extensions,
            "id": report.event_id,
            "source": self.source,
            "type": self.type,
            "subject": report.session_id,
            "time": report.time,
            "datacontenttype": "application/json",
        }
        data = {
            "sessionId": report.session_id,
            "numSpeakers": report.num_speakers,
            "audioMs": report.audio_ms,
            "report": json.loads(report.report),
        }
        event = CloudEvent(attributes, data)
        return to_binary_event(event) if self.mode == "binary" else to_structured_event(event)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """``timeout_seconds``: for connecting, and again for the response. ``retries``: attempts beyond the first.

    ``backoff_seconds``: doubled with each attempt, up to ``max_pause_seconds``, which also limits the sink's Retry-After.
    """

    timeout_seconds: float
    retries: int
    backoff_seconds: float
    max_pause_seconds: float


class HttpSink:
    """Posts to ``address``, with ``headers`` besides those of the event. Redirects are not followed."""

    def __init__(
        self, address: SinkAddress, headers: Mapping[str, str], trust: ssl.SSLContext, form: EventForm, retries: RetryPolicy
    ) -> None:
        self._address = address
        self._form = form
        self._retries = retries
        self._headers = {"User-Agent": f"speaker-tracker/{__version__}"}
        if address.authorization is not None:
            self._headers["Authorization"] = address.authorization
        self._headers |= {name.title(): value for name, value in headers.items()}
        self._retry = Retry(
            total=retries.retries,
            allowed_methods=[METHOD],
            status_forcelist=RETRYABLE,
            backoff_factor=retries.backoff_seconds,
            backoff_jitter=retries.backoff_seconds,
            backoff_max=retries.max_pause_seconds,
        )
        timeout = Timeout(connect=retries.timeout_seconds, read=retries.timeout_seconds)
        # urllib3 would log its own retries with the query of the address, which may contain a secret.
        self._pool = urllib3.PoolManager(maxsize=THREADS, retries=False, timeout=timeout, ssl_context=trust)

    def post(self, report: SessionReport, pause: Pause) -> None:
        """Posts ``report`` until it is accepted. Raises ``DeliveryError``."""
        message, retry = self._form.message(report), self._retry
        while (failure := self._attempt(message, retry)) is not None:
            if not failure.retryable:
                raise DeliveryError(failure.cause)
            try:
                retry = retry.increment(METHOD)
            except MaxRetryError as error:
                raise DeliveryError(f"{failure.cause}; attempts: {len(retry.history) + 1}") from error
            if not pause(failure.retry_after or retry.get_backoff_time()):
                raise DeliveryError(f"{failure.cause}; the process ends before it could be tried again")

    def _attempt(self, message: HTTPMessage, retry: Retry) -> _FailedAttempt | None:
        try:
            response = self._pool.request(
                METHOD,
                self._address.url,
                body=message.body,
                headers={**self._headers, **message.headers},
                redirect=False,
                preload_content=False,
            )
        except HTTPError as error:
            return _FailedAttempt(self._error_text(error), retryable=True)
        try:
            return self._check(response, retry)
        finally:
            _release(response)

    def _check(self, response: urllib3.BaseHTTPResponse, retry: Retry) -> _FailedAttempt | None:
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        cause = f"it answered with status {response.status}"
        if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
            cause += ", and redirects are not followed"
        retry_after = _retry_after(response, retry)
        return _FailedAttempt(
            cause,
            retryable=retry.is_retry(METHOD, response.status, has_retry_after=retry_after is not None),
            retry_after=min(retry_after or 0.0, self._retries.max_pause_seconds),
        )

    def _error_text(self, error: HTTPError) -> str:
        if isinstance(error, SlowError) and not isinstance(error, NewConnectionError):
            return f"it did not answer within {self._retries.timeout_seconds:g} s"
        inner = error.__cause__ or next((part for part in reversed(error.args) if isinstance(part, Exception)), error)
        return f"it cannot be reached ({' '.join(str(inner).split())})"


@dataclass(frozen=True, slots=True)
class _FailedAttempt:
    """A failed attempt; ``retryable``: whether to try again. ``retry_after``: seconds demanded by the sink, 0 if none."""

    cause: str
    retryable: bool
    retry_after: float = 0.0


def _retry_after(response: urllib3.BaseHTTPResponse, retry: Retry) -> float | None:
    try:
        return retry.get_retry_after(response)
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _release(response: urllib3.BaseHTTPResponse) -> None:
    """Returns a connection with little left to read to the pool, and closes any other."""
    if response.length_remaining is not None and response.length_remaining <= MAX_ANSWER_BYTES:
        with suppress(HTTPError):
            response.read(decode_content=False)
    response.close()
    response.release_conn()
