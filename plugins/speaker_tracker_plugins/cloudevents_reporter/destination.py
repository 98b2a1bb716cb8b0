"""The destination of events: address, headers, and the variables that Knative's SinkBinding sets.

All functions raise ``ValueError`` with half a sentence that says what is wrong and never shows what may be a secret.
"""

from __future__ import annotations

import json
import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit, urlunsplit

SINK_VARIABLE = "K_SINK"
OVERRIDES_VARIABLE = "K_CE_OVERRIDES"
CA_CERTS_VARIABLE = "K_CA_CERTS"

Mode = Literal["binary", "structured"]
"""Content modes of CloudEvents over HTTP: attributes in headers, or in the body with the data."""

GAP = re.compile(r"[\s\x00-\x1f\x7f]")
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?")
RESERVED_HEADERS = frozenset({"connection", "content-length", "content-type", "host", "transfer-encoding"})
EXTENSION_NAME = re.compile(r"[a-z0-9]+")
RESERVED_ATTRIBUTES = frozenset({"id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time", "data"})


@dataclass(frozen=True, slots=True)
class SinkAddress:
    """An address to post to.

    ``url``: without user and password. ``authorization``: the header made of these, None without them. ``shown``: for the log,
    without the query too. ``host``: scheme, host and port, which may be public.
    """

    url: str = field(repr=False)
    authorization: str | None = field(repr=False)
    shown: str
    host: str


def parse_address(text: str) -> SinkAddress:
    """``text``: such as ``https://user:password@events.example.com/reports?key=1``. Raises ``ValueError``."""
    if GAP.search(text):
        raise ValueError("it must not hold spaces or line breaks")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError("its host or port is malformed") from error
    if parts.scheme not in ("http", "https"):
        raise ValueError("it must begin with http:// or https://")
    if not parts.hostname or port == 0:
        raise ValueError("it must name a host after http:// or https://, and no port 0")
    authorization = None
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {b64encode(credentials.encode()).decode()}"
    place, path = parts.netloc.rpartition("@")[2], parts.path or "/"
    return SinkAddress(
        url=urlunsplit((parts.scheme, place, path, parts.query, "")),
        authorization=authorization,
        shown=urlunsplit((parts.scheme, place, path, "", "")),
        host=f"{parts.scheme}://{place}",
    )


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises ``ValueError`` where a name or value cannot be sent, or would stand in the way of the event."""
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
        if name.lower() in RESERVED_HEADERS or name.lower().startswith("ce-"):
            raise ValueError(f"header {name!r} belongs to the event and cannot be set")
        if not HEADER_VALUE.fullmatch(value):
            raise ValueError(f"the value of header {name!r} must be a line of printable ASCII that neither begins nor ends blank")


def parse_overrides(text: str) -> dict[str, str]:
    """The extension attributes in ``{"extensions": {"name": "value"}}``, names in lower case. Raises ``ValueError``."""
    try:
        overrides = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    extensions = overrides.get("extensions") or {} if isinstance(overrides, dict) else None
    if not isinstance(extensions, dict) or not all(isinstance(value, str) for value in extensions.values()):
        raise ValueError('it must be a table such as {"extensions": {"name": "text"}}')
    lowered = {name.lower(): value for name, value in extensions.items()}
    for name in lowered:
        if not EXTENSION_NAME.fullmatch(name) or name in RESERVED_ATTRIBUTES:
            raise ValueError(f"{name!r} is no name of an extension: letters and digits, and none of the event's own attributes")
    return lowered


def trusting(certificates: str) -> ssl.SSLContext:
    """TLS context that trusts the system's authorities and those in ``certificates`` (PEM).

    Raises ``ValueError``.
    """
    context = ssl.create_default_context()
    if certificates:
        try:
            context.load_verify_locations(cadata=certificates)
        except (ssl.SSLError, TypeError) as error:  # TypeError: not ASCII
            raise ValueError("it holds no certificates as PEM") from error
    return context
