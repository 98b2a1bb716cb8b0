"""Common parts of help texts."""

from __future__ import annotations

PROGRAM = "speaker-tracker"
HELP_WIDTH = 100


def examples(*lines: str) -> str:
    """Epilog of a help text with example command lines."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
