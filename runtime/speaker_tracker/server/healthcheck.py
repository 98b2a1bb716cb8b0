"""``python -m speaker_tracker.server.healthcheck``: asks this environment's server whether it is ready, as a container engine does.

Exit status 0 where it answers that it takes sessions; 1, with one line on standard error, where it does not. Only the standard
library is imported besides the settings.
"""

from __future__ import annotations

import ssl
import sys
import urllib.error
import urllib.request

from speaker_tracker.errors import UserError
from speaker_tracker.server.paths import READY_PATH
from speaker_tracker.settings import Settings, load_settings

TIMEOUT_SECONDS = 4.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask what listens on all addresses


def health_url(settings: Settings) -> str:
    """Where a server of these settings is asked from its own machine."""
    host = EVERYWHERE.get(settings.host, settings.host)
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}{READY_PATH}"


def complaint(settings: Settings) -> str | None:
    """Why the server is not healthy, None where it is."""
    url = health_url(settings)
    # The certificate is for the name that clients know, not for the loopback.
    context = ssl._create_unverified_context() if settings.tls_cert is not None else None  # noqa: S323, SLF001
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS, context=context):  # noqa: S310 - http or https
            return None
    except urllib.error.HTTPError as error:
        return f"{url} answered with status {error.code}"
    except OSError as error:
        return f"{url} does not answer: {error}"


def main() -> int:
    """The command; answers its exit status."""
    try:
        found = complaint(load_settings())
    except UserError as error:
        found = str(error)
    if found is not None:
        print(found, file=sys.stderr)  # noqa: T201 - a command
    return 0 if found is None else 1


if __name__ == "__main__":
    sys.exit(main())
