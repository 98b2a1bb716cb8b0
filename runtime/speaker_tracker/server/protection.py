"""Paths that need a token where the setting ``protected_paths`` says so: metrics, the page, the document of the protocol."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from quart import Quart, Response, jsonify, request

from speaker_tracker.server.admission import Admission, Refusal
from speaker_tracker.settings import Settings

OBSERVER_ENDPOINT = "observer "
"""Begin of the names that ``create_app`` gives the endpoints of observers."""

ENDPOINTS: dict[str, Callable[[str], bool]] = {
    "metrics": lambda endpoint: endpoint.startswith(OBSERVER_ENDPOINT),
    # Not the page's question whether it would be let in, by which it learns that it has to ask for a token.
    "page": lambda endpoint: endpoint in {"web.index", "web.file"},
    "asyncapi": lambda endpoint: endpoint == "asyncapi",
}
"""By names of ``protected_paths``: whether an endpoint of the application is meant."""

REALM = "speaker-tracker"


def protect(app: Quart, settings: Settings, admission: Admission) -> None:
    """Have ``app`` answer the protected paths to those alone who show a token."""
    protected = [ENDPOINTS[name] for name in settings.protected_paths]
    if not protected:
        return

    @app.before_request
    async def check() -> Response | None:
        endpoint = request.endpoint or ""
        if not any(is_meant(endpoint) for is_meant in protected):
            return None
        refusal = admission.path_refusal(request.headers.get("Authorization"))
        return None if refusal is None else refused(refusal, f'Basic realm="{REALM}", charset="UTF-8"')


def refused(refusal: Refusal, challenge: str) -> Response:
    """Response to a client that is turned down. ``challenge``: how it may show a token (RFC 9110, section 11.6.1)."""
    response = jsonify({"message": refusal.sentence})
    response.status_code = refusal.status
    response.headers["Cache-Control"] = "no-store"
    if refusal.status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = challenge
    return response
