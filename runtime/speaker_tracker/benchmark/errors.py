"""The error of measurements that cannot be made."""

from speaker_tracker.errors import UserError


class BenchmarkError(UserError):
    """A measurement cannot be made; the message is one sentence that says why and what to do."""
