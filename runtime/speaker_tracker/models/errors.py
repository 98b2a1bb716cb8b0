"""The error of everything that has to do with voice models."""

from speaker_tracker.errors import UserError


class ModelError(UserError):
    """A model cannot be found, fetched, read or loaded; the message is one sentence that says why and what to do."""
