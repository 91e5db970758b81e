"""Which SQLite is used, and whether its write-ahead log is safe.

SQLite 3.7.0 to 3.51.2 can corrupt a book when two connections write and checkpoint one write-ahead log (the WAL-reset
bug, fixed in 3.51.3). Debian 12 ships 3.40.1 to Python, so the `pysqlite3` wheel is preferred. Without a fixed
SQLite, books fall back on the rollback journal, which never had the bug, and is slower.
"""

import importlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from eventsourcing import persistence

WAL_SAFE_FROM = (3, 51, 3)
"""First version of SQLite without the WAL-reset bug."""


def pick() -> ModuleType:
    """Return the newest SQLite module at hand; they share one interface, but not one set of exceptions."""
    try:
        wheel = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3
    return wheel if wheel.sqlite_version_info > sqlite3.sqlite_version_info else sqlite3


sqlite = pick()
"""The SQLite module in use, with the names of the standard library's `sqlite3`."""


def journal_mode(version: tuple[int, ...] = sqlite.sqlite_version_info) -> str:
    """Return `wal` where the version of SQLite makes it safe, else `delete`."""
    return "wal" if version >= WAL_SAFE_FROM else "delete"


SYNCHRONOUS = {"wal": 2, "delete": 3}
"""Journal mode -> `PRAGMA synchronous`: FULL, and EXTRA where the unlink of the journal is the commit."""

FULL, IO_ERROR, CORRUPT, NOT_A_DATABASE = 13, 10, 11, 26
"""Primary result codes of SQLite (https://www.sqlite.org/rescode.html)."""

# From the narrow to the wide: the first that fits is the one.
_LIBRARY = tuple(
    (getattr(sqlite, name), getattr(persistence, library))
    for name, library in (
        ("IntegrityError", "IntegrityError"),
        ("DataError", "DataError"),
        ("OperationalError", "OperationalError"),
        ("InternalError", "InternalError"),
        ("ProgrammingError", "ProgrammingError"),
        ("NotSupportedError", "NotSupportedError"),
        ("DatabaseError", "DatabaseError"),
        ("InterfaceError", "InterfaceError"),
        ("Error", "PersistenceError"),
    )
)


@contextmanager
def translated() -> Iterator[None]:
    """Raise the library's error for SQLite's, with SQLite's as its cause.

    The library catches only the exceptions of the standard library's module, and `pysqlite3` has its own.
    """
    try:
        yield
    except sqlite.Error as error:
        raise translation(error) from error


def translation(error: Exception) -> Exception:
    """Return the library's error for one of SQLite's."""
    return next((library(str(error)) for ours, library in _LIBRARY if isinstance(error, ours)), error)


def result_code(error: BaseException | None) -> int | None:
    """Return SQLite's primary result code behind an error, if SQLite is behind it."""
    while error is not None:
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None:
            return int(code) & 0xFF
        error = error.__cause__
    return None
