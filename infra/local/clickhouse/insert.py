"""An INSERT that is fed while it arrives: a pipe from the client's connection to one statement of the engine.

The engine reads the pipe with INSERT … FROM INFILE, which is safe for binary data and raises what goes wrong on the
write side. It is one statement however much data comes, so that squashing of blocks, deduplication tokens and the
atomicity of a block are the engine's own; no more than the pipe's buffer is held in memory.
"""

import contextlib
import fcntl
import os
import sys
import threading
from typing import Final

from infra.local.clickhouse.engine import Session
from infra.local.clickhouse.errors import ServerError
from infra.local.clickhouse.statements import InsertHead

_PIPE_BYTES: Final = 1 << 20
"""What Linux allows without privileges. An INSERT below this size needs no thread."""


class InsertPipe:
    """One INSERT of `session`: write its data, then `finish` or `abort`.

    Nothing is inserted before the end, except blocks of about a million rows each that the engine has squashed by then.
    """

    def __init__(self, session: Session, head: InsertHead, input_format: str) -> None:
        self._session = session
        self._head = head
        self._format = input_format
        self._read_end, self._write_end = os.pipe()
        if sys.platform == "linux":
            with contextlib.suppress(PermissionError):  # the user's pipes hold too much already: stay with the default
                fcntl.fcntl(self._write_end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        os.set_blocking(self._write_end, False)
        self._thread: threading.Thread | None = None
        self._ended = False
        self._rows = 0
        self._error: ServerError | None = None

    def write(self, data: bytes | memoryview) -> None:
        """Passes data on. After the engine has given up, data are dropped: `finish` says why."""
        rest = memoryview(data)
        while rest and not self._ended:
            try:
                rest = rest[os.write(self._write_end, rest) :]
            except BlockingIOError:  # the pipe is full, so now somebody must read it
                self._start()
            except BrokenPipeError:
                self._ended = True

    def finish(self) -> int:
        """Ends the data. Returns the number of rows written, with those of materialized views."""
        os.close(self._write_end)
        if self._thread is None:
            self._run()
        else:
            self._thread.join()
        if self._error is not None:
            raise self._error
        return self._rows

    def abort(self) -> None:
        """Gives up: the statement is killed before the end of the data can look like its regular end."""
        if self._thread is None:
            os.close(self._read_end)
        else:
            while self._thread.is_alive() and not self._session.engine.kill(self._session.tag):
                self._thread.join(0.01)  # not yet among the running statements
        os.close(self._write_end)
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        os.set_blocking(self._write_end, True)
        self._thread = threading.Thread(target=self._run, name="insert")
        self._thread.start()

    def _run(self) -> None:
        head = self._head
        try:
            path = f"/dev/fd/{self._read_end}"
            result = self._session.insert_from(path, head.target, head.columns, head.settings, self._format)
            self._rows = result.rows_written()
        except ServerError as error:
            self._error = error
        finally:
            os.close(self._read_end)
