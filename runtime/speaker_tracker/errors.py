"""Errors with a sentence for the person who can fix them: the user of a command, or the author of a client."""

from speaker_tracker.protocol.codes import ErrorCode

NOT_SHOWN = "what it is (not shown)"
"""Stands in for secret values in error messages."""


class BadInput(Exception):
    """A client violated the protocol; the session answers with an error message and ends.

    Raised by stages and by the session. ``code``: the stable identifier sent with the message. ``message``: what was wrong and what
    is right.
    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class UserError(Exception):
    """A failure that the user can fix; the message is one sentence that says what is wrong and what is right.

    Constructed from the message alone, so that it can be pickled across processes.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class MissingExtraError(UserError):
    """A package of an optional extra is not installed."""

    @classmethod
    def of(cls, purpose: str, package: str, extra: str) -> "MissingExtraError":
        """The error for a ``purpose`` that needs ``package``, which comes with the optional ``extra`` of this distribution."""
        return cls(f"{purpose} needs {package}, which is not installed; run: pip install 'speaker-tracker[{extra}]'")
