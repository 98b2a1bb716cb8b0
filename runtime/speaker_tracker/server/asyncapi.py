"""``GET /asyncapi.yaml``: the protocol as a document, for people and for tools of other origins."""

from __future__ import annotations

from importlib.resources import files

from quart import Quart, Response

from speaker_tracker.server.paths import ASYNCAPI_PATH


def add_asyncapi(app: Quart) -> None:
    """Have ``app`` answer with the document that ``speaker_tracker.protocol.asyncapi`` made."""
    document = files("speaker_tracker.protocol").joinpath("asyncapi.yaml").read_bytes()
    headers = {"Access-Control-Allow-Origin": "*"}

    @app.get(ASYNCAPI_PATH)
    async def asyncapi() -> Response:
        return Response(document, content_type="application/yaml", headers=headers)
