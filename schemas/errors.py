"""The error tree.

HeadraceError
├── UserError               the person at the keyboard can mend it: one line, exit code 1, never a traceback
│   ├── TopologyError       a topology file is wrong: names file, path, bad value and what is allowed
│   └── SettingsError       an environment variable or option is wrong
├── ContractError           bytes or values that break a contract of this package
│   ├── EventError          an event that cannot be accepted; becomes a dead letter
│   └── CodeError           text that is no code of an item, or one mistyped
├── CheckpointError         a checkpoint cannot be read by this version
└── SinkError               results could not be made durable
    ├── SinkUnavailable     for now: try again after `retry_after` seconds; the checkpoint waits
    └── SinkRejected        never as they are: the sink refuses the rows or the schema
"""


class HeadraceError(Exception):
    """Base of every error that this product raises on purpose."""


class UserError(HeadraceError):
    """A mistake that the user can mend; its message is one line that says how."""


class TopologyError(UserError):
    """A topology that cannot be deployed."""


class SettingsError(UserError):
    """A setting that is missing or malformed."""


class ContractError(HeadraceError):
    """Bytes or values that break a published contract."""


class EventError(ContractError):
    """An event that cannot be accepted. `reason` is a member of `events.Reason`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class CodeError(ContractError):
    """Text that is no code of an item, or one mistyped; its message is one line."""


class CheckpointError(HeadraceError):
    """A checkpoint that this version cannot read."""


class SinkError(HeadraceError):
    """Results could not be made durable."""


class SinkUnavailable(SinkError):
    """The sink is away or overloaded for now; nothing is lost, the same rows are to be sent again."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SinkRejected(SinkError):
    """The sink refuses these rows for good: a person has to look."""
