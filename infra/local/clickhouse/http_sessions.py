"""Sessions over HTTP: `session_id` keeps a session of the engine between requests, until it has been idle too long."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from infra.local.clickhouse.accounts import Account
from infra.local.clickhouse.engine import Engine, Session
from infra.local.clickhouse.errors import Code, ServerError

DEFAULT_SECONDS: Final = 60
MAX_SECONDS: Final = 3600
MAX_SESSIONS: Final = 256


@dataclass
class _Kept:
    session: Session
    expires: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class HttpSessions:
    """The named sessions of all users; a name belongs to the user that first uses it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._lock = threading.Lock()

    @contextmanager
    def named(
        self, user: str, name: str, account: Account, *, database: str, seconds: int, must_exist: bool
    ) -> Iterator[Session]:
        """The user's session of that name, made if there is none. It outlives the request by `seconds`.

        Raises ServerError 372 if it must exist and does not, 373 if another request uses it, 202 if there are too many.
        """
        with self._lock:
            self._expire()
            kept = self._kept.get((user, name))
            if kept is None:
                if must_exist:
                    raise ServerError(Code.SESSION_NOT_FOUND, f"Session {name} not found")
                if len(self._kept) >= MAX_SESSIONS:
                    raise ServerError(Code.TOO_MANY_SIMULTANEOUS_QUERIES, f"More than {MAX_SESSIONS} sessions")
                session = self._engine.session(readonly=account.readonly, enterprise=account.enterprise)
                kept = self._kept[user, name] = _Kept(session)
            if not kept.lock.acquire(blocking=False):
                raise ServerError(Code.SESSION_IS_LOCKED, f"Session {name} is locked by a concurrent client")
        try:
            if database:
                kept.session.use(database)
            yield kept.session
        finally:
            kept.expires = time.monotonic() + min(seconds, MAX_SECONDS)
            kept.lock.release()

    def close(self) -> None:
        """Ends all sessions that nobody uses at the moment."""
        with self._lock:
            self._expire(before=float("inf"))

    def _expire(self, before: float | None = None) -> None:
        limit = time.monotonic() if before is None else before
        for key, kept in list(self._kept.items()):
            if kept.expires < limit and kept.lock.acquire(blocking=False):
                kept.session.close()
                del self._kept[key]
