"""Core dumps: none are written, as the memory of a server holds audio, and how voices sound."""

from contextlib import suppress


def write_no_core_dumps() -> None:
    """Keep the system from writing the memory of this process, and of those that it starts, to a file when it crashes."""
    try:
        import resource  # noqa: PLC0415 - not on Windows, which writes none by default
    except ImportError:
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
