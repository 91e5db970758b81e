"""The tables of a book in SQLite, and the recorder that appends to them."""

import os
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from eventsourcing.persistence import IntegrityError, Notification, PersistenceError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor
from msgspec.structs import astuple

from services.event_store.driver import CORRUPT, FULL, NOT_A_DATABASE, result_code, sqlite, translated
from services.event_store.failures import (
    BookExists,
    Conflict,
    DamagedBook,
    LayoutUnknown,
    OutcomeUnknown,
    StorageFull,
    StoreFailure,
    Unavailable,
)
from services.event_store.positioned import Batch, Identity, StoredRow
from services.event_store.recorder import LAST_POSITION, LAYOUT, BookRecorder, CommitUncertain, columns, differences
from services.event_store.sqlite_connection import BookDatastore, make_durable

APPLICATION_ID = 0x47724264
"""Marks the file as a book ("GrBd"), for `file` and for ourselves."""

KEYS_PER_SELECT = 500
"""Keys in one SELECT, below the 999 variables an old SQLite takes."""

ROWS_PER_INSERT = 64
"""Rows in one INSERT; more than about fifty gain nothing."""

# The version is the primary key, hence the rowid, hence the notification id: three names of one number. The triggers
# hold for every program that opens the file, not only for this one; those before INSERT also stop REPLACE.
SCHEMA = """
CREATE TABLE book (stream TEXT NOT NULL, layout INTEGER NOT NULL) STRICT;
CREATE TABLE stored_events (
    originator_id TEXT NOT NULL,
    originator_version INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    state BLOB NOT NULL
) STRICT;
CREATE TABLE message_identities (
    key BLOB PRIMARY KEY,
    digest BLOB NOT NULL,
    position INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER stored_events_gapless BEFORE INSERT ON stored_events
    WHEN NEW.originator_version IS NOT (SELECT coalesce(max(originator_version), 0) + 1 FROM stored_events)
    BEGIN SELECT RAISE(ABORT, 'events are appended at the head'); END;
CREATE TRIGGER message_identities_once BEFORE INSERT ON message_identities
    WHEN EXISTS (SELECT 1 FROM message_identities WHERE key = NEW.key)
    BEGIN SELECT RAISE(ABORT, 'the message is recorded'); END;
CREATE TRIGGER book_no_update BEFORE UPDATE ON book
    BEGIN SELECT RAISE(ABORT, 'a book is append-only'); END;
CREATE TRIGGER book_no_delete BEFORE DELETE ON book
    BEGIN SELECT RAISE(ABORT, 'a book is append-only'); END;
CREATE TRIGGER stored_events_no_update BEFORE UPDATE ON stored_events
    BEGIN SELECT RAISE(ABORT, 'a book is append-only'); END;
CREATE TRIGGER stored_events_no_delete BEFORE DELETE ON stored_events
    BEGIN SELECT RAISE(ABORT, 'a book is append-only'); END;
CREATE TRIGGER message_identities_no_update BEFORE UPDATE ON message_identities
    BEGIN SELECT RAISE(ABORT, 'a book is append-only'); END;
CREATE TRIGGER message_identities_no_delete BEFORE DELETE ON message_identities
    BEGIN SELECT RAISE(ABORT, 'a book is append-only'); END;
"""


class SQLiteBookRecorder(SQLiteApplicationRecorder, BookRecorder):
    """Appends a batch by few statements, with the identities in the same transaction."""

    datastore: BookDatastore

    def construct_create_table_statements(self) -> list[str]:
        """Return nothing: the tables are made with the file, by `make_file`."""
        return []

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        if not stored_events:
            return []
        batch = columns(stored_events, kwargs.get("identities", ()))
        self._insert(batch, c)
        return range(batch.after + 1, batch.after + 1 + len(stored_events))

    def append(self, batch: Batch) -> None:
        """Record a batch, all of it or nothing."""
        self.datastore.write(partial(self._insert, batch), len(batch.states))

    def _insert(self, batch: Batch, cursor: Any) -> None:  # noqa: ANN401 - one of two modules' cursors
        # That the first of them follows the head, the trigger sees to.
        positions = range(batch.after + 1, batch.after + 1 + len(batch.states))
        events = zip(repeat(batch.stream), positions, batch.topics, batch.states, strict=False)
        _insert_rows(cursor, "stored_events", list(events))
        # In the order of the index, so that a batch touches each page once.
        _insert_rows(cursor, "message_identities", sorted([astuple(identity) for identity in batch.identities]))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return notifications, whose id is the position; the library asks for a rowid, which has our name here."""
        lowest = 0 if start is None else start + (0 if inclusive_of_start else 1)
        query = (
            "SELECT originator_version, originator_id, topic, state FROM stored_events"
            " WHERE originator_version >= ? AND originator_version <= ?"
        )
        if topics:
            query += f" AND topic IN ({','.join('?' * len(topics))})"
        with self.datastore.plain_cursor() as cursor:
            cursor.execute(
                f"{query} ORDER BY originator_version LIMIT ?",
                (lowest, LAST_POSITION if stop is None else stop, *topics, limit),
            )
            rows = cursor.fetchall()
        return [
            Notification(id=position, originator_id=stream, originator_version=position, topic=topic, state=state)
            for position, stream, topic, state in rows
        ]

    def head(self) -> int:
        """Return the last position, 0 in an empty book."""
        with self.datastore.plain_cursor() as cursor:
            cursor.execute("SELECT coalesce(max(originator_version), 0) FROM stored_events")
            return int(cursor.fetchone()[0])

    def select_states(self, after: int, limit: int, upto: int | None) -> list[tuple[int, bytes]]:
        """Return at most `limit` positions after one (and not above `upto`) with their bytes, in order."""
        with self.datastore.plain_cursor() as cursor:
            cursor.execute(
                "SELECT originator_version, state FROM stored_events WHERE originator_version > ?"
                " AND originator_version <= ? ORDER BY originator_version LIMIT ?",
                (after, LAST_POSITION if upto is None else upto, limit),
            )
            rows: list[tuple[int, bytes]] = cursor.fetchall()
        return rows

    def select_identities(self, keys: Sequence[bytes]) -> list[Identity]:
        """Return the identities that are recorded under these keys, in any order."""
        found: list[Identity] = []
        if not keys:
            return found
        ordered = sorted(keys)
        with self.datastore.plain_cursor() as cursor:
            # Most batches are new altogether, and then nothing stands between their first and their last key.
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM message_identities WHERE key BETWEEN ? AND ?)", (ordered[0], ordered[-1])
            )
            if not cursor.fetchone()[0]:
                return []
            for start in range(0, len(ordered), KEYS_PER_SELECT):
                some = ordered[start : start + KEYS_PER_SELECT]
                marks = ",".join("?" * len(some))
                cursor.execute(f"SELECT * FROM message_identities WHERE key IN ({marks})", some)  # noqa: S608 - marks
                found += [Identity(*row) for row in cursor.fetchall()]
        return found

    def select_all_identities(self) -> list[Identity]:
        """Return every identity that is recorded, in any order."""
        with self.datastore.plain_cursor() as cursor:
            cursor.execute("SELECT * FROM message_identities")
            return [Identity(*row) for row in cursor.fetchall()]

    def select_rows(self, after: int, limit: int) -> list[StoredRow]:
        """Return at most `limit` rows above a position as they are stored, in order; text that is damaged is shown."""
        with self.datastore.plain_cursor() as cursor:
            cursor.execute(
                "SELECT originator_version, CAST(originator_id AS BLOB), CAST(topic AS BLOB), state FROM stored_events"
                " WHERE originator_version > ? ORDER BY originator_version LIMIT ?",
                (after, limit),
            )
            rows = cursor.fetchall()
        return [
            StoredRow(position, stream.decode(errors="replace"), topic.decode(errors="replace"), state)
            for position, stream, topic, state in rows
        ]

    def troubles(self) -> list[str]:
        """Return what SQLite finds wrong with the file, and each table or trigger that is not as it was made."""
        with self.datastore.plain_cursor() as cursor:
            cursor.execute("PRAGMA integrity_check(20)")
            troubles = [str(row[0]) for row in cursor.fetchall() if row[0] != "ok"]
            found = _objects(cursor)
        with translated(), closing(sqlite.connect(":memory:")) as connection:
            connection.executescript(SCHEMA)
            made = _objects(connection.cursor())
        return troubles + differences(found, made)

    def failure(self, error: PersistenceError, book: str, after: int) -> StoreFailure:
        """Return what an error of the library means for a caller who appended after (or read at) a position."""
        return diagnosis(error, book, after)


def _insert_rows(cursor: Any, table: str, rows: "list[tuple[Any, ...]]") -> None:  # noqa: ANN401
    """Insert rows of four columns, many in one statement: starting a statement costs a third of what a row does."""
    one = f"INSERT INTO {table} VALUES (?,?,?,?)"  # noqa: S608 - the name of one of our tables
    if len(rows) == 1:
        cursor.execute(one, rows[0])
        return
    whole = len(rows) - len(rows) % ROWS_PER_INSERT
    many = one + ",(?,?,?,?)" * (ROWS_PER_INSERT - 1)
    for start in range(0, whole, ROWS_PER_INSERT):
        cursor.execute(many, tuple(chain.from_iterable(rows[start : start + ROWS_PER_INSERT])))
    if whole < len(rows):
        cursor.executemany(one, rows[whole:])


def _objects(cursor: Any) -> dict[str, str]:  # noqa: ANN401 - one of two modules' cursors
    """Return the statement that made each table, index and trigger, by kind and name."""
    cursor.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {f"{kind} {name}": sql for kind, name, sql in cursor.fetchall()}


def diagnosis(error: PersistenceError, book: str, after: int) -> StoreFailure:
    """Return what an error of the library means for a caller of a book in SQLite."""
    code = result_code(error)
    if isinstance(error, CommitUncertain):
        return OutcomeUnknown(book=book, after=after)
    if code == FULL:
        return StorageFull(book=book)
    if code in (CORRUPT, NOT_A_DATABASE) or "could not decode" in str(error).lower():
        return DamagedBook(book=book, reason=str(error))
    if isinstance(error, IntegrityError):
        return Conflict(book=book, after=after)
    return Unavailable(book=book, reason=str(error))


def make_file(path: Path, book: str) -> None:
    """Make the file of a book, whole or not at all; raises `BookExists`."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with translated():
            connection = sqlite.connect(unfinished, isolation_level=None)
            try:
                make_durable(connection)
                connection.executescript(f"PRAGMA application_id={APPLICATION_ID}; BEGIN IMMEDIATE; {SCHEMA}")
                connection.execute("INSERT INTO book VALUES (?, ?)", (book, LAYOUT))
                connection.execute("COMMIT")
            finally:
                connection.close()
        # A link fails where a rename would overwrite, so that two who make the same book cannot both succeed.
        os.link(unfinished, path)
    except FileExistsError as error:
        raise BookExists(book=book) from error
    finally:
        unfinished.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def stream_of(datastore: BookDatastore, book: str) -> str:
    """Return the name of the stream in the file, which stays when the file is renamed; checks the layout."""
    with datastore.plain_cursor() as cursor:
        cursor.execute("PRAGMA application_id")
        if cursor.fetchone()[0] != APPLICATION_ID:
            raise DamagedBook(book=book, reason="the file is a database, but not a book")
        cursor.execute("SELECT stream, layout FROM book")
        rows = cursor.fetchall()
    if len(rows) != 1:
        raise DamagedBook(book=book, reason="the file does not say which book it is")
    stream, layout = rows[0]
    if layout != LAYOUT:
        raise LayoutUnknown(book=book, layout=layout, known=LAYOUT)
    return str(stream)
