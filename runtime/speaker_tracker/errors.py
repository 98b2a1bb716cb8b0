"""Errors with a sentence for the person who can mend them: the user of a command, or the author of a client."""

from speaker_tracker.protocol.codes import ErrorCode

NOT_SHOWN = "what it is (not shown)"
"""Stands in sentences for the value of a setting or option that is secret."""


class BadInput(Exception):
    """A client sent what the protocol does not allow; the session answers with an error message and ends.

    Raised by stages and by the session. ``code``: the stable word of the error message. ``message``: what was wrong and what is
    right.
    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class UserError(Exception):
    """Cannot go on for a reason that the user can mend; the message is one sentence that says what is wrong and what is right.

    Made with the message alone, so that it crosses process boundaries.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class MissingExtraError(UserError):
    """A package of an optional extra is not installed."""

    @classmethod
    def of(cls, purpose: str, package: str, extra: str) -> "MissingExtraError":
        """``purpose`` needs ``package``, which comes with the optional ``extra`` of this distribution."""
        return cls(f"{purpose} needs {package}, which is not installed; run: pip install 'speaker-tracker[{extra}]'")
