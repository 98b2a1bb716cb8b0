"""Warning before a server that anybody can use."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from hypercorn.config import Sockets

from speaker_tracker.server.token_check import asks_for_tokens
from speaker_tracker.settings import PREFIX, Settings


def exposure_warning(settings: Settings, sockets: Sockets) -> str | None:
    """Sentence to log where other machines can reach the server and need no token; None where all is well."""
    if asks_for_tokens(settings):
        return None
    exposed = [str(address) for address in map(_address, (*sockets.secure_sockets, *sockets.insecure_sockets)) if address]
    if not exposed:
        return None
    return (
        f"whoever reaches {' or '.join(exposed)} may open sessions, as no token is asked for; set {PREFIX}TOKENS, "
        f"{PREFIX}TOKENS_FILE or {PREFIX}TOKEN_SECRET, or listen on 127.0.0.1"
    )


def _address(listening: socket.socket) -> str | None:
    """Address that is not of this machine alone."""
    if listening.family not in {socket.AF_INET, socket.AF_INET6}:
        return None
    host, port = listening.getsockname()[:2]
    if ip_address(host.partition("%")[0]).is_loopback:
        return None
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
