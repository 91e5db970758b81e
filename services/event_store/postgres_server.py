"""One database, one small pool of connections, however many books are in it."""

import contextlib
import re
import select
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from eventsourcing import persistence
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row, tuple_row

from services.event_store.failures import Unavailable, UnsafeStorage
from services.event_store.locks import NOTHING, FairLock, busy
from services.settings import postgres_wrong

CONNECTIONS_MAX = 8
"""Connections of one process to one database; the next caller waits for one."""

WAIT_SECONDS = 30
"""How long a caller waits for a connection, and a statement for a lock."""

CONNECT_SECONDS = 10
"""How long the first connection may take."""

SILENCE = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""Connection parameters by which a server that has gone silent is noticed within half a minute, not two hours."""

# From the narrow to the wide: the first that fits is the one.
_LIBRARY = (
    (psycopg.InterfaceError, persistence.InterfaceError),
    (psycopg.OperationalError, persistence.OperationalError),
    (psycopg.DataError, persistence.DataError),
    (psycopg.IntegrityError, persistence.IntegrityError),
    (psycopg.InternalError, persistence.InternalError),
    (psycopg.ProgrammingError, persistence.ProgrammingError),
    (psycopg.NotSupportedError, persistence.NotSupportedError),
    (psycopg.DatabaseError, persistence.DatabaseError),
    (psycopg.Error, persistence.PersistenceError),
)

_PROMISES = (
    "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')"
)

_SLASH_BEFORE_AT = re.compile(r"\w+://[^@/?]*/[^?]*@")
_PORTS = re.compile(r"[0-9,]*")

_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"


def place_of(dsn: str) -> str:
    """Return where a DSN leads, without user and password; raises `SettingWrong` for one that leads nowhere.

    A password that is not percent-encoded is cut into the wrong parts, which the server's sentences would then name.
    """
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise postgres_wrong() from None  # its sentence may quote the password
    host, port, database = (str(parts.get(name) or "") for name in ("host", "port", "dbname"))
    if "@" in host[1:] or _SLASH_BEFORE_AT.match(dsn) or not _PORTS.fullmatch(port):
        raise postgres_wrong()
    return f"postgresql://{host}{':' if port else ''}{port}/{database}"


def reason_of(error: Exception) -> str:
    """Return what PostgreSQL said as part of a sentence: one line, without its advice and the mark at its end."""
    lines = (line.strip() for line in str(error).splitlines() if not line.startswith("\t"))
    return "; ".join(line for line in lines if line).rstrip(".?!")


@contextmanager
def translated() -> Iterator[None]:
    """Raise the library's error for psycopg's, with psycopg's as its cause."""
    try:
        yield
    except psycopg.Error as error:
        for ours, library in _LIBRARY:
            if isinstance(error, ours):
                raise library(str(error)) from error
        raise


class PostgresServer:
    """A database: its pool, what it promises, and its writer locks.

    A writer keeps the connection that holds its lock, and reads and appends over it. So it needs one connection and
    never waits for a second, which would be a deadlock when every connection of the pool holds a lock.
    """

    def __init__(self, dsn: str) -> None:
        self.place = place_of(dsn)
        self._dsn = dsn
        self._kept = threading.local()
        self.pool: ConnectionPool[psycopg.Connection[DictRow]] = ConnectionPool(
            dsn,
            connection_class=psycopg.Connection[DictRow],
            kwargs={"row_factory": dict_row, "autocommit": True, "application_name": "grundbok", **SILENCE},
            min_size=0,
            max_size=CONNECTIONS_MAX,
            open=False,
            configure=_configure,
            check=_check_if_hung_up,
            timeout=WAIT_SECONDS,
            max_idle=60.0,
            num_workers=1,
            name="grundbok",
        )

    def check(self) -> None:
        """Connect once; raises `Unavailable`, or `UnsafeStorage` unless a commit is on disk when acknowledged."""
        try:
            with psycopg.connect(self._dsn, connect_timeout=CONNECT_SECONDS, autocommit=True) as connection:
                _configure(connection)
                assert_durable(connection)
        except psycopg.Error as error:
            raise Unavailable(book=self.place, reason=reason_of(error)) from error
        self.pool.open()

    @contextmanager
    def connection(self, schema: str = "") -> Iterator[psycopg.Connection[DictRow]]:
        """Lend a connection: the one with which this thread writes the schema, while it lives, else one of the pool."""
        kept = self._kept_here().get(schema)
        with translated():
            if kept is not None and not kept.closed:
                yield kept
            else:
                with self.pool.connection() as connection:
                    yield connection

    @contextmanager
    def writing(self, schema: str, book: str, timeout_seconds: float) -> Iterator[None]:
        """Hold the session lock of a schema; the server releases it when the connection ends, however it ends."""
        connection = self._locked(schema, book, timeout_seconds)
        self._kept_here()[schema] = connection
        try:
            yield
        finally:
            del self._kept_here()[schema]
            # On a lost connection there is nothing left to unlock, and the pool throws it away.
            with contextlib.suppress(psycopg.OperationalError):
                connection.execute(_UNLOCK, (schema,), prepare=True)
            self.pool.putconn(connection)

    def _locked(self, schema: str, book: str, timeout_seconds: float) -> psycopg.Connection[DictRow]:
        deadline = time.monotonic() + timeout_seconds
        try:
            connection = self.pool.getconn(timeout_seconds)
        except psycopg.OperationalError as error:
            raise Unavailable(book=book, reason=reason_of(error)) from error
        try:
            # Mostly the lock is free, and then one question is enough; it is not given past others who wait for it.
            free = connection.cursor(row_factory=tuple_row).execute(_TRY_LOCK, (schema,), prepare=True).fetchone()
            if free != (True,):
                left = max(1, int(1000 * (deadline - time.monotonic())))
                connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{left}ms",))
                connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (schema,))
                _configure(connection)
        except BaseException as error:
            # Interrupted, it may hold the lock without our knowing; a closed connection holds nothing.
            connection.close()
            self.pool.putconn(connection)
            if isinstance(error, psycopg.errors.LockNotAvailable):
                raise busy(book, timeout_seconds) from error
            if isinstance(error, psycopg.OperationalError):
                raise Unavailable(book=book, reason=reason_of(error)) from error
            raise
        return connection

    def close(self) -> None:
        """Close all connections."""
        self.pool.close()

    def _kept_here(self) -> dict[str, psycopg.Connection[DictRow]]:
        if not hasattr(self._kept, "by_schema"):
            self._kept.by_schema = {}
        by_schema: dict[str, psycopg.Connection[DictRow]] = self._kept.by_schema
        return by_schema


class SchemaLock:
    """The writer lock of one book: fair among the threads of this process, then the server's lock."""

    def __init__(self, server: PostgresServer, schema: str, book: str) -> None:
        self._server = server
        self._schema = schema
        self._book = book
        self._threads = FairLock(book)

    @contextmanager
    def holding(self, timeout_seconds: float) -> Iterator[None]:
        """Hold the lock; raises `Unavailable` when it was not free within the time."""
        deadline = time.monotonic() + timeout_seconds
        with self._threads.holding(timeout_seconds):
            left = max(0.001, deadline - time.monotonic())
            with self._server.writing(self._schema, self._book, left):
                yield

    def passing(self, timeout_seconds: float) -> AbstractContextManager[None]:
        """Be the only thread that appends; the statement that appends takes the server's lock, and gives it back."""
        return NOTHING if self._threads.mine() else self._threads.holding(timeout_seconds)


class SchemaDatastore(PostgresDatastore):
    """The library's datastore over one schema of a shared server; the pool is not its own."""

    def __init__(self, server: PostgresServer, schema: str) -> None:
        self.server = server
        self.pool = server.pool
        self.schema = schema
        self.lock_timeout = WAIT_SECONDS
        self.originator_id_type = "text"
        self.single_row_tracking = True
        self.enable_db_functions = False
        self.db_type_names = set()
        self.psycopg_type_adapters = {}
        self.psycopg_python_types = {}

    def register_type_adapters(self) -> None:
        """Do nothing: columns travel as binary arrays, not as composites, which Python would have to build."""

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[DictRow]]:
        """Lend a connection of the shared server."""
        with self.server.connection(self.schema) as connection:
            yield connection

    def close(self) -> None:
        """Do nothing: the pool belongs to the server."""


def assert_durable(connection: psycopg.Connection[Any]) -> None:
    """Raise `UnsafeStorage` unless the server writes what it acknowledges to disk first."""
    row = connection.cursor(row_factory=tuple_row).execute(_PROMISES).fetchone()
    fsync, full_page_writes, synchronous_commit = row or ("?", "?", "?")
    if fsync != "on" or full_page_writes != "on" or synchronous_commit not in ("on", "remote_apply"):
        raise UnsafeStorage(
            reason=f"fsync={fsync}, full_page_writes={full_page_writes}, synchronous_commit={synchronous_commit}"
        )


def _configure(connection: psycopg.Connection[Any]) -> None:
    """Settle what a session can settle itself, whatever role or database defaults say."""
    connection.execute(
        "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', '0', false), CASE"
        " WHEN current_setting('synchronous_commit') = 'remote_apply' THEN NULL"
        " ELSE set_config('synchronous_commit', 'on', false) END",
        (f"{WAIT_SECONDS}s",),
    )


def _check_if_hung_up(connection: psycopg.Connection[Any]) -> None:
    """Discard a pooled connection the server has ended while it lay idle.

    An idle socket has nothing to read but a farewell, so asking the kernel is enough, and a round trip is saved.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)
