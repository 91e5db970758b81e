"""Connections to the SQLite file of a book: few, durable, and checked to be durable before they are used."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool, SQLiteCursor, SQLiteDatastore

from services.event_store.driver import (
    IO_ERROR,
    SYNCHRONOUS,
    journal_mode,
    result_code,
    sqlite,
    translated,
    translation,
)
from services.event_store.failures import UnsafeStorage
from services.event_store.recorder import CommitUncertain

BUSY_SECONDS = 10
"""How long a statement waits for a lock of another process."""

CONNECTIONS_KEPT = 2
"""Connections per open book that stay open: one that reads, one that writes."""

CONNECTIONS_MAX = 8
"""Connections per open book at one time; the next thread waits for one."""

SETTINGS = (
    "PRAGMA cache_size=-8000",  # KiB per connection, taken as needed
    "PRAGMA journal_size_limit=67108864",  # bytes: a bulk load does not leave its journal behind
    "PRAGMA fullfsync=ON",  # macOS: an fsync that reaches the disk
    "PRAGMA cell_size_check=ON",
    "PRAGMA trusted_schema=OFF",
)


LARGE_ROWS = 64
"""Rows from which on a transaction is a bulk load's."""

LOG_PAGES, LOG_PAGES_BULK = 250, 2000
"""Pages of the write-ahead log, of 4 KiB, after which a commit copies them into the book.

A log that is written over again commits a third faster than one that still grows, so it should not grow for long; a
bulk load would spend its time on copying.
"""


class BookConnection(SQLiteConnection):
    """A connection whose transactions take the write lock first and raise the library's errors for any driver."""

    _log_pages = 0

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """Run a transaction; `CommitUncertain` when the disk failed in the commit itself."""
        connection = self._sqlite_conn
        with translated():
            # A deferred BEGIN that writes later may fail at once with SQLITE_BUSY, whatever the timeout.
            connection.execute("BEGIN IMMEDIATE" if commit else "BEGIN")
            try:
                yield SQLiteCursor(connection.cursor())
                if commit:
                    self._commit()
            finally:
                if connection.in_transaction:
                    connection.rollback()

    def write(self, work: Callable[[Any], None], rows: int) -> None:
        """Do work with a plain cursor in a transaction; the same as `transaction`, for the one that is in a hurry."""
        connection = self._sqlite_conn
        try:
            cursor = connection.cursor()
            log_pages = LOG_PAGES_BULK if rows >= LARGE_ROWS else LOG_PAGES
            if log_pages != self._log_pages:
                cursor.execute(f"PRAGMA wal_autocheckpoint={log_pages}")
                self._log_pages = log_pages
            cursor.execute("BEGIN IMMEDIATE")
            try:
                work(cursor)
                self._commit()
            finally:
                if connection.in_transaction:
                    connection.rollback()
        except sqlite.Error as error:
            raise translation(error) from error

    def _commit(self) -> None:
        try:
            self._sqlite_conn.commit()
        except sqlite.Error as error:
            # After a failed fsync the commit record may or may not be found again by the next recovery.
            if result_code(error) == IO_ERROR:
                raise CommitUncertain(str(error)) from error
            raise


class BookConnectionPool(SQLiteConnectionPool):
    """The library's pool, opening files with our driver and settings; it never makes a file by accident."""

    def get_connection(self, timeout: float | None = None, *, is_writer: bool | None = None) -> SQLiteConnection:
        """Issue the connection that was given back last; where many are in use, queue as the library does."""
        if is_writer is not True:
            with self._put_condition:
                if self._pool and len(self._in_use) < self.pool_size and not self._closed:
                    connection = self._pool.pop()
                    connection.in_use.acquire()
                    self._in_use[id(connection)] = connection
                    return connection
        return super().get_connection(timeout, is_writer=is_writer)

    def _create_connection(self) -> SQLiteConnection:
        with translated():
            connection = sqlite.connect(
                database=self.db_name,
                uri=True,
                check_same_thread=False,
                isolation_level=None,
                timeout=self.lock_timeout or BUSY_SECONDS,
            )
            try:
                make_durable(connection)
            except BaseException:
                connection.close()
                raise
            connection.row_factory = sqlite.Row
        return BookConnection(sqlite_conn=connection, max_age=self.max_age)


def make_durable(connection: Any) -> None:  # noqa: ANN401 - one of two modules' connections
    """Set journal, fsync and cache of a connection; raises `UnsafeStorage` when SQLite did not take the settings."""
    journal = journal_mode()
    got = connection.execute(f"PRAGMA journal_mode={journal}").fetchone()[0]
    if got != journal:
        raise UnsafeStorage(reason=f"the journal mode is {got}, not {journal}")
    for setting in SETTINGS:
        connection.execute(setting)
    connection.execute(f"PRAGMA synchronous={SYNCHRONOUS[journal]}")
    got = connection.execute("PRAGMA synchronous").fetchone()[0]
    if got != SYNCHRONOUS[journal]:
        raise UnsafeStorage(reason=f"PRAGMA synchronous is {got}, not {SYNCHRONOUS[journal]}")


class BookDatastore(SQLiteDatastore):
    """The library's datastore over a file that must exist."""

    def __init__(self, path: Path) -> None:
        self.pool = BookConnectionPool(
            db_name=f"{path.resolve().as_uri()}?mode=rw",
            lock_timeout=BUSY_SECONDS,
            pool_size=CONNECTIONS_KEPT,
            max_overflow=CONNECTIONS_MAX - CONNECTIONS_KEPT,
            pool_timeout=BUSY_SECONDS,
        )
        self.single_row_tracking = True
        self.originator_id_type = "text"

    def write(self, work: Callable[[Any], None], rows: int) -> None:
        """Do work with a plain cursor, on so many rows, in one transaction that is durable when this returns."""
        connection = self.pool.get_connection()
        try:
            cast("BookConnection", connection).write(work, rows)
        finally:
            self.pool.put_connection(connection)

    @contextmanager
    def plain_cursor(self) -> Iterator[Any]:
        """Lend a cursor that reads tuples, outside any transaction, for reading in bulk."""
        with self.get_connection(commit=False) as connection, translated():
            cursor = connection.cursor().sqlite_cursor
            cursor.row_factory = None
            try:
                yield cursor
            finally:
                cursor.close()
