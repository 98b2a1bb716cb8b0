"""Network side: the Quart application that runs sessions, and how it is served, by ``serve`` or by any ASGI server."""
