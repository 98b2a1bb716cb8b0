"""What ends a command with one sentence instead of a traceback."""


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
