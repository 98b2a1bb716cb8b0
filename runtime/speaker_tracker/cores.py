"""How many cores this process may use."""

from __future__ import annotations


def usable_cores() -> int:
    """Cores that this process may use: those of the machine, less what affinity and a container's CPU limit take; at least 1."""
    from joblib import cpu_count  # noqa: PLC0415 - a tenth of a second of import, for servers alone

    return max(1, int(cpu_count()))
