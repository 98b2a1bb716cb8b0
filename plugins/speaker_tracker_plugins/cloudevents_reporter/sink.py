"""Posting of session reports as CloudEvents 1.0 over HTTP, with retries.

The CloudEvents SDK makes the event by the HTTP protocol binding of CloudEvents; urllib3's ``Retry`` decides on further attempts.
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
from speaker_tracker_plugins.cloudevents_reporter.delivery import THREADS, DeliveryError, Pause, SessionReport
from speaker_tracker_plugins.cloudevents_reporter.destination import Mode, SinkAddress

METHOD = "POST"
PASSING = frozenset({408, 425, 429, *range(500, 600)})
"""Statuses of failures that may pass, after which the request is repeated."""
MAX_ANSWER_BYTES = 1 << 16
"""Maximum answer that is read to its end so that its connection can be reused."""


@dataclass(frozen=True, slots=True)
class EventForm:
    """Attributes that all events share, and the content mode."""

    mode: Mode
    source: str
    type: str
    extensions: Mapping[str, str]

    def message(self, report: SessionReport) -> HTTPMessage:
        """The event of ``report``: body and headers."""
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
    """Limits of an attempt. ``timeout_seconds``: to connect, and again to answer. ``retries``: attempts beyond the first.

    ``backoff_seconds``: pause, doubled with each attempt up to ``max_pause_seconds``, which bounds those the sink asks for too.
    """

    timeout_seconds: float
    retries: int
    backoff_seconds: float
    max_pause_seconds: float


class HttpSink:
    """Posts to ``address``, with ``headers`` beside those of the event. Redirects are not followed."""

    def __init__(
        self, address: SinkAddress, headers: Mapping[str, str], trust: ssl.SSLContext, form: EventForm, retry_policy: RetryPolicy
    ) -> None:
        self._address = address
        self._form = form
        self._retry_policy = retry_policy
        self._headers = {"User-Agent": f"speaker-tracker/{__version__}"}
        if address.authorization is not None:
            self._headers["Authorization"] = address.authorization
        self._headers |= {name.title(): value for name, value in headers.items()}
        self._retry = Retry(
            total=retry_policy.retries,
            allowed_methods=[METHOD],
            status_forcelist=PASSING,
            backoff_factor=retry_policy.backoff_seconds,
            backoff_jitter=retry_policy.backoff_seconds,
            backoff_max=retry_policy.max_pause_seconds,
        )
        timeout = Timeout(connect=retry_policy.timeout_seconds, read=retry_policy.timeout_seconds)
        # urllib3 logs retries of its own with the query of the address, which may hold a secret.
        self._pool = urllib3.PoolManager(maxsize=THREADS, retries=False, timeout=timeout, ssl_context=trust)

    def post(self, report: SessionReport, pause: Pause) -> None:
        """Posts until ``report`` was taken. Raises ``DeliveryError`` where another attempt is useless or none is left."""
        message, retry = self._form.message(report), self._retry
        while (refusal := self._attempt(message, retry)) is not None:
            if not refusal.passing:
                raise DeliveryError(refusal.cause)
            try:
                retry = retry.increment(METHOD)
            except MaxRetryError as error:
                raise DeliveryError(f"{refusal.cause}; attempts: {len(retry.history) + 1}") from error
            if not pause(refusal.asked_seconds or retry.get_backoff_time()):
                raise DeliveryError(f"{refusal.cause}; the process ends before it could be tried again")

    def _attempt(self, message: HTTPMessage, retry: Retry) -> _Refusal | None:
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
            return _Refusal(self._why(error), passing=True)
        try:
            return self._judged(response, retry)
        finally:
            _let_go(response)

    def _judged(self, response: urllib3.BaseHTTPResponse, retry: Retry) -> _Refusal | None:
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        cause = f"it answered with status {response.status}"
        if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
            cause += ", and redirects are not followed"
        asked = _asked_seconds(response, retry)
        return _Refusal(
            cause,
            passing=retry.is_retry(METHOD, response.status, has_retry_after=asked is not None),
            asked_seconds=min(asked or 0.0, self._retry_policy.max_pause_seconds),
        )

    def _why(self, error: HTTPError) -> str:
        if isinstance(error, SlowError) and not isinstance(error, NewConnectionError):
            return f"it did not answer within {self._retry_policy.timeout_seconds:g} s"
        inner = error.__cause__ or next((part for part in reversed(error.args) if isinstance(part, Exception)), error)
        return f"it cannot be reached ({' '.join(str(inner).split())})"


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A failed attempt. ``passing``: whether another may succeed. ``asked_seconds``: the pause the sink asked for, 0 if none."""

    cause: str
    passing: bool
    asked_seconds: float = 0.0


def _asked_seconds(response: urllib3.BaseHTTPResponse, retry: Retry) -> float | None:
    try:
        return retry.get_retry_after(response)
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _let_go(response: urllib3.BaseHTTPResponse) -> None:
    """Returns the connection to the pool where little is left to read, otherwise closes it."""
    if response.length_remaining is not None and response.length_remaining <= MAX_ANSWER_BYTES:
        with suppress(HTTPError):
            response.read(decode_content=False)
    response.close()
    response.release_conn()
