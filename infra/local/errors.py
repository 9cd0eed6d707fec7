"""The one error of the local stack."""

from schemas.errors import UserError


class StackError(UserError):
    """The stack cannot be started, found or stopped; the message is one line that says what to do."""
