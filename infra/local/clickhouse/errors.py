"""Errors as ClickHouse clients know them: a number, and a text that starts with `DB::Exception`.

ServerError            sent to the client; the connection goes on
  ProtocolError        the client's bytes make no sense; sent if possible, then the connection is closed
StartError             the endpoint cannot start; one line for whoever started it
"""

import re
from enum import IntEnum
from typing import Final, Self

_ENGINE_MESSAGE = re.compile(r"Code: (\d+)\. DB::(?:\w+::)*\w*Exception: (.*)", re.DOTALL)

ENGINE_ERRORS: Final = (RuntimeError, UnicodeDecodeError)
"""What the engine raises: RuntimeError with its message, or the failure to make a str of a message that is no UTF-8."""


class Code(IntEnum):
    """Numbers of `src/Common/ErrorCodes.cpp` of ClickHouse that this endpoint raises by itself."""

    CHECKSUM_DOESNT_MATCH = 40
    NOT_IMPLEMENTED = 48
    UNKNOWN_TABLE = 60
    SYNTAX_ERROR = 62
    UNKNOWN_COMPRESSION_METHOD = 89
    UNEXPECTED_PACKET_FROM_CLIENT = 101
    UNKNOWN_SETTING = 115
    INCORRECT_DATA = 117
    TOO_LARGE_STRING_SIZE = 131
    READONLY = 164
    TOO_MANY_SIMULTANEOUS_QUERIES = 202
    NETWORK_ERROR = 210
    SESSION_NOT_FOUND = 372
    SESSION_IS_LOCKED = 373
    QUERY_WAS_CANCELLED = 394
    ACCESS_DENIED = 497
    AUTHENTICATION_FAILED = 516
    UNKNOWN_EXCEPTION = 1002


class ServerError(Exception):
    """An error with ClickHouse's number, to be sent to the client."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = int(code)
        self.message = message if message.startswith("DB::Exception: ") else "DB::Exception: " + message

    @classmethod
    def from_engine(cls, error: Exception) -> Self:
        """One of ENGINE_ERRORS; the number is in its text, for some errors twice."""
        text = error.object.decode("utf-8", "surrogateescape") if isinstance(error, UnicodeDecodeError) else str(error)
        code = int(Code.UNKNOWN_EXCEPTION)
        while match := _ENGINE_MESSAGE.match(text):
            code, text = int(match[1]), match[2]
        return cls(code, text.strip())


class ProtocolError(ServerError):
    """Bytes that cannot be understood: where the next packet starts is unknown, so the connection must end."""


class StartError(Exception):
    """Why the endpoint cannot start, in one line."""
