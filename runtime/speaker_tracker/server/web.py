"""Page at ``/``: its files, and the question it asks the server before it opens a session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from quart import Blueprint, Response, abort, request

from speaker_tracker.events import VoiceModel
from speaker_tracker.server.admission import Admission, Refusal
from speaker_tracker.server.token_check import Purpose
from speaker_tracker.settings import Settings

PAGE_PATH = "/"
FILES_PATH = "/web/"
"""Path above the page's files. The page names them relative to itself, so that it works below any path."""

ADMISSION_PATH = f"{FILES_PATH}admission"

PAGE_FILE = "index.html"
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """File of the page as it is answered; ``etag`` is made of its content."""

    body: bytes
    content_type: str
    etag: str


def page_files() -> dict[str, PageFile]:
    """Read all files of the page; keys are paths below its folder, with slashes."""
    return {name: _page_file(file) for name, file in _walk(files("speaker_tracker").joinpath("web"))}


def is_page_path(path: str) -> bool:
    """Whether the page answers ``path``, as itself or as one of its files."""
    return path == PAGE_PATH or path.startswith(FILES_PATH)


def web_page(settings: Settings, admission: Admission, voice_model: VoiceModel | None) -> Blueprint:
    """Blueprint of the page, its files, and ``POST /web/admission``, which tells the page how a handshake would be answered.

    ``voice_model``: the model by which the server recognizes known voices; None: it does not.
    """
    page = Blueprint("web", __name__)
    known = page_files()

    @page.get(PAGE_PATH)
    async def index() -> Response:
        return await _answer(known[PAGE_FILE])

    @page.get(f"{FILES_PATH}<path:name>")
    async def file(name: str) -> Response:
        if name not in known or name == PAGE_FILE:
            abort(HTTPStatus.NOT_FOUND)
        return await _answer(known[name])

    # A browser is not told why a WebSocket was refused, and sends its origin with a POST, as with the handshake itself.
    @page.post(ADMISSION_PATH)
    async def admitted() -> tuple[dict[str, Any], HTTPStatus, dict[str, str]]:
        decision = admission.decide(
            origin=request.headers.get("Origin"),
            authorization=request.headers.get("Authorization"),
            purpose=Purpose.QUESTION,
        )
        refusal = decision if isinstance(decision, Refusal) else None
        body = {
            "refusal": None if refusal is None else {"reason": refusal.reason, "message": refusal.sentence},
            "limits": {
                "idleTimeoutSeconds": settings.idle_timeout_seconds,
                "maxFrameBytes": settings.max_frame_bytes,
                "maxSessionSeconds": settings.max_session_seconds,
            },
            "knownVoices": None if voice_model is None else _known_voices(voice_model, settings),
        }
        return body, HTTPStatus.OK, {"Cache-Control": "no-store"}

    @page.after_request
    async def secure(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    return page


def _known_voices(model: VoiceModel, settings: Settings) -> dict[str, Any]:
    """What a page must know to have voices recognized."""
    return {
        "model": model.name,
        "version": model.version,
        "maxVoices": settings.max_known_voices,
        "maxNameLength": settings.max_voice_name_length,
    }


def _walk(folder: Traversable, above: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{above}{entry.name}/")
        elif _suffix(entry) in CONTENT_TYPES:
            yield f"{above}{entry.name}", entry


def _page_file(file: Traversable) -> PageFile:
    body = file.read_bytes()
    return PageFile(body, CONTENT_TYPES[_suffix(file)], sha256(body).hexdigest()[:32])


def _suffix(file: Traversable) -> str:
    return f".{file.name.rpartition('.')[2]}"


async def _answer(file: PageFile) -> Response:
    """Response with the file; 304 where the browser has this very content. It always asks, so that an update is taken at once."""
    response = Response(file.body, content_type=file.content_type, headers={"Cache-Control": "no-cache"})
    response.set_etag(file.etag)
    await response.make_conditional(request)
    return response
