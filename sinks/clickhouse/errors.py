"""What went wrong between here and ClickHouse, in the terms of the error tree.

Errors that only a person can mend are listed by their code (`src/Common/ErrorCodes.cpp` of ClickHouse). Everything else
(the network, an overloaded, full or restarting server, codes of later versions) is held to pass, because trying again
loses nothing and giving up stops a plant's data.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from clickhouse_driver import errors as driver

from schemas.errors import SinkError, SinkRejected, SinkUnavailable

SCHEMA_CODES: Final = {
    7: "INCORRECT_NUMBER_OF_COLUMNS",
    8: "THERE_IS_NO_COLUMN",
    10: "NOT_FOUND_COLUMN_IN_BLOCK",
    16: "NO_SUCH_COLUMN_IN_TABLE",
    20: "NUMBER_OF_COLUMNS_DOESNT_MATCH",
    47: "UNKNOWN_IDENTIFIER",
    60: "UNKNOWN_TABLE",
    81: "UNKNOWN_DATABASE",
}
"""The tables are not those that this version writes to."""

ROWS_CODES: Final = {
    6: "CANNOT_PARSE_TEXT",
    9: "SIZES_OF_COLUMNS_DOESNT_MATCH",
    41: "CANNOT_PARSE_DATETIME",
    53: "TYPE_MISMATCH",
    69: "ARGUMENT_OUT_OF_BOUND",
    70: "CANNOT_CONVERT_TYPE",
    117: "INCORRECT_DATA",
    131: "TOO_LARGE_STRING_SIZE",
    349: "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN",
    376: "CANNOT_PARSE_UUID",
    441: "CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING",
    469: "VIOLATED_CONSTRAINT",
}
"""The rows do not fit the tables."""

STATEMENT_CODES: Final = {
    36: "BAD_ARGUMENTS",
    43: "ILLEGAL_TYPE_OF_ARGUMENT",
    44: "ILLEGAL_COLUMN",
    46: "UNKNOWN_FUNCTION",
    48: "NOT_IMPLEMENTED",
    50: "UNKNOWN_TYPE",
    56: "UNKNOWN_STORAGE",
    62: "SYNTAX_ERROR",
    115: "UNKNOWN_SETTING",
    344: "SUPPORT_IS_DISABLED",
}
"""This server does not understand the statement."""

ACCOUNT_CODES: Final = {
    192: "UNKNOWN_USER",
    193: "WRONG_PASSWORD",
    194: "REQUIRED_PASSWORD",
    195: "IP_ADDRESS_NOT_ALLOWED",
    497: "ACCESS_DENIED",
    516: "AUTHENTICATION_FAILED",
}
"""The account may not do this."""

REJECTED: Final = frozenset(SCHEMA_CODES | ROWS_CODES | STATEMENT_CODES | ACCOUNT_CODES)

SLOW_TO_PASS: Final = {
    164: ("READONLY", 10.0),
    241: ("MEMORY_LIMIT_EXCEEDED", 2.0),
    242: ("TABLE_IS_READ_ONLY", 10.0),
    243: ("NOT_ENOUGH_SPACE", 10.0),
    252: ("TOO_MANY_PARTS", 5.0),
}
"""Seconds to wait where trying at once would not help or, with too many parts, make it worse."""

RETRY_AFTER_S: Final = 1.0

_PREFIX: Final = re.compile(r"(Code: \d+\.? )?(DB::Exception: )?")


def sink_error(error: Exception) -> SinkError:
    """The error of the tree that stands for an error of clickhouse-driver, the network or an encoding."""
    match error:
        case driver.NetworkError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
            hint = "ca_certs in its address names the certificates of its authority"
            return SinkRejected(f"the certificate of ClickHouse is not trusted: {_one_line(error)}; {hint}")
        case driver.NetworkError() | driver.SocketTimeoutError() | OSError():
            return SinkUnavailable(f"ClickHouse is away: {_one_line(error)}", RETRY_AFTER_S)
        case EOFError() | driver.UnexpectedPacketFromServerError() | driver.UnknownPacketFromServerError():
            what = "ClickHouse hung up, or this is not the port of its native protocol"
            return SinkUnavailable(f"{what}: {_one_line(error)}", RETRY_AFTER_S)
        case driver.Error():
            return _by_code(error)
        case _:
            return SinkRejected(f"ClickHouse cannot take the rows: {_one_line(error)}")


def _by_code(error: driver.Error) -> SinkError:
    message = f"ClickHouse error {error.code}: {_one_line(error)}"
    if error.code in SCHEMA_CODES:
        return SinkRejected(f"{message}; does `headrace topology apply` have migrations to make?")
    if error.code in REJECTED:
        return SinkRejected(message)
    _, retry_after = SLOW_TO_PASS.get(error.code, ("", RETRY_AFTER_S))
    return SinkUnavailable(message, retry_after)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).partition("Stack trace:")[0].split())
    return _PREFIX.sub("", text, count=1).rstrip(". ") or type(error).__name__


@contextmanager
def translated() -> Iterator[None]:
    """Raise what clickhouse-driver and the network raise within as `SinkUnavailable` or `SinkRejected`."""
    try:
        yield
    except (driver.Error, OSError, EOFError, UnicodeError) as error:
        raise sink_error(error) from error
