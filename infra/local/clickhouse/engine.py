"""The embedded engine: one per process and data directory, one session per client.

What was learnt about `chdb` and is relied upon: connections of a process share the engine and run in parallel, the GIL
is released meanwhile; a connection string takes settings; streaming works for SELECT only, and any other statement on
that connection ends the stream; a running statement is stopped by KILL QUERY from another connection only.
"""

import fcntl
import json
import threading
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

from chdb import _chdb

from infra.local.clickhouse.blocks import Column
from infra.local.clickhouse.errors import ENGINE_ERRORS, Code, ServerError, StartError
from infra.local.clickhouse.guard import check_statement
from infra.local.clickhouse.policies import SETTING, with_policies
from infra.local.clickhouse.statements import (
    column_names,
    is_set,
    is_use,
    quote_literal,
    quote_name,
    set_statement,
    strip_terminator,
)

_bindings: Any = _chdb  # their type stubs lack the connection API

_CONFIG: Final = Path(__file__).with_name("engine.xml")
_OWN_SETTINGS: Final = frozenset({"query_cache_tag", "readonly", "database", SETTING})
_NOT_INSERTABLE: Final = frozenset({"MATERIALIZED", "ALIAS"})


class Result(Protocol):
    """What the engine returns for a statement, or for one block of a stream."""

    def bytes(self) -> bytes: ...
    def rows_read(self) -> int: ...
    def rows_written(self) -> int: ...


EngineProgress = Mapping[str, int]
"""How far a statement is: read_rows, read_bytes, total_rows_to_read, written_rows, written_bytes, …"""

Blocks = Generator[Result, None, None]
"""The blocks of a running SELECT."""


class Engine:
    """The engine over one data directory, which it locks; `tenants` if there are accounts of enterprises.

    Raises StartError if the directory cannot be used.
    """

    def __init__(self, path: Path, *, tenants: bool = False) -> None:
        if "?" in str(path) or "&" in str(path):
            raise StartError(f"a data directory must have neither ? nor & in its name: {path}")
        try:
            path.mkdir(parents=True, exist_ok=True)
            _require_unowned(path)
            _prepare_default_database(path)
            config = _CONFIG
            if tenants:
                config = path / _CONFIG.name
                config.write_text(with_policies(_CONFIG.read_text()))
        except OSError as error:
            raise StartError(f"cannot use {path}: {error.strerror}") from None
        self._path = path
        _bindings.set_signal_handlers_enabled(0)  # before the first connection; SIGTERM and SIGINT are Python's
        try:
            self._admin = self.connect(f"config-file={config}&max_query_size={1 << 30}")
        except ServerError as error:
            raise StartError(f"the engine cannot open {path}: {error.message}") from None
        self._admin_lock = threading.Lock()
        version, self.timezone = self._ask("SELECT version(), timezone()").split("\t")
        self.version = tuple(int(part) for part in version.split("."))
        self.default_settings: dict[str, str] = {}
        with self.session() as session:
            self.default_settings = session.read_changed_settings()

    def session(self, database: str = "", readonly: int = 0, enterprise: str = "") -> "Session":
        """A new session in `database`, which sees the rows of one enterprise if one is named, and can set nothing then.

        Raises ServerError 81 if there is no database of that name.
        """
        return Session(self, database, 1 if enterprise else readonly, enterprise)

    def kill(self, tag: str) -> bool:
        """Stops the statement that runs in the session of that tag. False if there is none (yet)."""
        return bool(self._ask(f"KILL QUERY WHERE Settings['query_cache_tag'] = {quote_literal(tag)} ASYNC"))

    def normalize(self, sql: str) -> str:
        """The statement as the engine's lexer sees it, with placeholders for literals."""
        return self._ask(f"SELECT normalizeQueryKeepNames({quote_literal(sql)}) FORMAT RawBLOB")

    def connect(self, options: str) -> Any:
        """A bare connection; `options` are settings as in a query string."""
        try:
            return _bindings.connect(f"{self._path}?{options}")
        except ENGINE_ERRORS as error:
            raise ServerError.from_engine(error) from None

    def close(self) -> None:
        """Ends the engine, once all sessions are closed."""
        with self._admin_lock:
            self._admin.close()

    def _ask(self, sql: str) -> str:
        try:
            with self._admin_lock:
                answer: bytes = self._admin.query(_encode(sql), "TSV").bytes()
        except ENGINE_ERRORS as error:
            raise ServerError.from_engine(error) from None
        return answer.decode("utf-8", "surrogateescape").rstrip("\n")


class Session:
    """One client's session: its database, its settings and temporary tables. Used by one thread at a time.

    Every method raises ServerError with the engine's number. Nothing is run that `guard` refuses.
    """

    def __init__(self, engine: Engine, database: str, readonly: int, enterprise: str) -> None:
        self.engine = engine
        self.readonly = readonly
        self._enterprise = enterprise
        self.tag = uuid.uuid4().hex
        """Finds this session's statement among all that run: a setting that is of no use in this engine."""
        self._settings = engine.default_settings
        self._report: Callable[[EngineProgress], None] | None = None
        self._database = database
        self._connection = self._connect()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the session; its temporary tables are gone."""
        self._connection.close()

    def use(self, database: str) -> None:
        """Changes the session's database. Raises 81 if there is none of that name."""
        self._run("USE " + quote_name(database))
        self._database = database

    def classify(self, sql: str) -> str:
        """READ_ONLY, MUTATING, … as the engine's parser decides. Raises 62 for no statement and for more than one."""
        kind = self._connection.classify_query(_encode(sql))
        if kind["statement_count"] > 1:
            raise ServerError(Code.SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed)")
        if not kind["statement_count"] and not sql.strip("; \t\r\n"):
            raise ServerError(Code.SYNTAX_ERROR, "Syntax error: Empty query")
        return str(kind["query_class"].name)

    def query(self, sql: str, output_format: str = "Native", parameters: Mapping[str, str] | None = None) -> Result:
        """Runs one statement of the client to its end."""
        check_statement(sql, self.engine.normalize)
        result = self._run(sql, output_format, parameters)
        if is_set(sql):
            self._settings = self.read_changed_settings()
        elif is_use(sql):
            self._database = self._run("SELECT currentDatabase()", "RawBLOB").bytes().decode()
        return result

    def stream(self, sql: str, output_format: str, parameters: Mapping[str, str] | None = None) -> Blocks:
        """Runs a SELECT; each item is one block in `output_format`. Close the iterator to end the query early."""
        check_statement(sql, self.engine.normalize)
        running = False
        try:
            handle = self._connection.send_query(_encode(sql), output_format, params=dict(parameters or {}))
            running = True
            while True:
                block = self._connection.streaming_fetch_result(handle)
                if block is None or not block.rows_read():
                    running = False
                    return
                yield block
        except ENGINE_ERRORS as error:
            running = False
            raise ServerError.from_engine(error) from None
        finally:
            if running:
                self._connection.streaming_cancel_query(handle)

    def insert_from(self, path: str, target: str, columns: str, settings: str, input_format: str) -> Result:
        """Inserts what can be read at `path`. Errors of the write side are raised, unlike those of `send_insert`."""
        check_statement(f"INSERT INTO {target} {columns} {settings}", self.engine.normalize)
        source = f"FROM INFILE {quote_literal(path)} COMPRESSION 'none'"
        return self._run(f"INSERT INTO {target} {columns} {source} {settings} FORMAT {input_format}")

    def describe_target(self, target: str, columns: str) -> list[Column]:
        """The columns that an INSERT into `target (columns)` expects, in order."""
        check_statement(f"INSERT INTO {target} {columns}", self.engine.normalize)
        is_function = target.upper().startswith("FUNCTION")
        described = self._describe(target.removeprefix(target[:8]) if is_function else "TABLE " + target)
        if not columns:
            return [column for column, kind in described if kind not in _NOT_INSERTABLE | {"EPHEMERAL"}]
        by_name = {column.name: column for column, _ in described}
        names = column_names(columns)
        if names is not None and by_name.keys() >= set(names):
            return [by_name[name] for name in names]
        query = f"(SELECT {columns[1:-1]} FROM {target})"  # noqa: S608 - the client's own statement
        return [column for column, _ in self._describe(query)]

    def describe_query(self, sql: str, parameters: Mapping[str, str] | None = None) -> list[Column]:
        """The columns of a query's result, without running it."""
        return [column for column, _ in self._describe(f"({strip_terminator(sql)}\n)", parameters)]

    def describe_beside(self, sql: str, parameters: Mapping[str, str] | None = None) -> list[Column]:
        """Like `describe_query`, while a SELECT of this session is being streamed. Temporary tables are not known."""
        with self.engine.session(self._database, self.readonly, self._enterprise) as other:
            return other.describe_query(sql, parameters)

    def read_changed_settings(self) -> dict[str, str]:
        """The settings that differ from the engine's built-in defaults, but for those the endpoint itself sets."""
        rows = self._run("SELECT name, value FROM system.settings WHERE changed", "JSONCompact").bytes()
        return {name: value for name, value in _decode_json(rows)["data"] if name not in _OWN_SETTINGS}

    @contextmanager
    def settings(self, values: Mapping[str, str], *, strict: bool, query_id: str = "") -> Iterator[None]:
        """Applies settings for one query, whose id is noted where settings may be set: the engine chooses its own.

        Unknown settings raise 115 if `strict`, else they are ignored.
        """
        applied: list[str] = []
        if query_id and not self._enterprise:
            values = {"log_comment": query_id, **values}
        try:
            self._apply(values, strict, applied)
            yield
        finally:
            self._restore(applied)

    @contextmanager
    def reporting(self, report: Callable[[EngineProgress], None]) -> Iterator[None]:
        """While the context is open, `report` is called ten times a second and at the end of each statement."""
        self._report = report
        try:
            yield
        finally:
            self._report = None

    def _progressed(self, counts: EngineProgress) -> None:
        if self._report is not None:
            self._report(counts)

    def _apply(self, values: Mapping[str, str], strict: bool, applied: list[str]) -> None:
        """All at once, or one by one if one of them is unknown."""
        if not values:
            return
        try:
            self._run(set_statement(values))
            applied += values
        except ServerError as error:
            if error.code != Code.UNKNOWN_SETTING or strict:
                raise
            if len(values) > 1:
                for name, value in values.items():
                    self._apply({name: value}, strict, applied)

    def _restore(self, names: list[str]) -> None:
        if not names:
            return
        try:
            self._run(set_statement({name: self._settings.get(name) for name in names}))
        except ServerError as error:
            if error.code != Code.READONLY:
                raise
            # `readonly` was among them, and nothing can be set back after that. Temporary tables are lost.
            self._connection.close()
            self._connection = self._connect()
            self._run(set_statement(self._settings))

    def _connect(self) -> Any:
        enterprise = f"&{SETTING}={self._enterprise}" if self._enterprise else ""
        connection = self.engine.connect(f"query_cache_tag={self.tag}&readonly={self.readonly}{enterprise}")
        connection.set_progress_callback(self._progressed)
        if self._database and self._database != "default":
            try:
                connection.query("USE " + quote_name(self._database), "Native")
            except ENGINE_ERRORS as error:
                connection.close()
                raise ServerError.from_engine(error) from None
        return connection

    def _describe(self, what: str, parameters: Mapping[str, str] | None = None) -> list[tuple[Column, str]]:
        rows = self._run(f"DESCRIBE {what}", "JSONCompact", parameters).bytes()
        return [(Column(row[0], row[1]), row[2]) for row in _decode_json(rows)["data"]]

    def _run(self, sql: str, output_format: str = "Native", parameters: Mapping[str, str] | None = None) -> Result:
        try:
            result: Result = self._connection.query(_encode(sql), output_format, params=dict(parameters or {}))
        except ENGINE_ERRORS as error:
            raise ServerError.from_engine(error) from None
        return result


def _encode(sql: str) -> bytes:
    """The bytes that the client sent, also where they are no UTF-8."""
    return sql.encode("utf-8", "surrogateescape")


def _decode_json(result: bytes) -> Any:
    return json.loads(result.decode("utf-8", "surrogateescape"))


def _require_unowned(path: Path) -> None:
    """The engine locks its status file. Asking first gives a better message than its own, and the owner's number."""
    with suppress(FileNotFoundError), (path / "status").open() as status:
        try:
            fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = status.readline().strip() or "unknown PID"
            raise StartError(f"{path} is in use by another process ({owner})") from None


def _prepare_default_database(path: Path) -> None:
    """Makes `default` an ordinary Atomic database.

    The embedded engine's own `default` is an overlay over the files of the host: it is unusable without the right to
    read them. It is moved to another name by `engine.xml`, which leaves the name free for a database of our own. The
    symbolic link goes because the overlay would claim the UUID it points to; the engine writes it anew.
    """
    metadata = path / "metadata"
    definition, link = metadata / "default.sql", metadata / "default"
    if not definition.exists():
        metadata.mkdir(exist_ok=True)
        identity = link.readlink().name if link.is_symlink() else str(uuid.uuid4())
        unfinished = metadata / "default.sql.tmp"
        unfinished.write_text(f"ATTACH DATABASE _ UUID '{identity}'\nENGINE = Atomic\n")
        unfinished.replace(definition)
    if link.is_symlink():
        link.unlink()
