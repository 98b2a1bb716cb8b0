"""What the help texts of all commands have in common."""

from __future__ import annotations

PROGRAM = "speaker-tracker"
HELP_WIDTH = 100


def examples(*lines: str) -> str:
    """The end of a help text: command lines to copy."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
