"""Paths that the server answers itself."""

SESSION_PATH = "/ws/session"
"""WebSocket of sessions."""

HEALTH_PATH = "/health"
"""Whether the server is alive: 200 from the moment it listens, 503 once it is about to end."""

READY_PATH = "/health/ready"
"""Whether a session would be served now: 200 once the chain is loaded, 503 before and once the server is about to end."""

ASYNCAPI_PATH = "/asyncapi.yaml"
"""Description of the messages of a session."""
