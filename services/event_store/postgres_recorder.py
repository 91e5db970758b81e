"""The tables of a book in PostgreSQL, and the recorder that appends to them in one statement."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg
from eventsourcing.persistence import (
    IntegrityError,
    InterfaceError,
    Notification,
    OperationalError,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier, Literal
from psycopg.types.numeric import Int4, Int8

from domain.kernel.refusal import ensure
from services.event_store.failures import (
    Conflict,
    DamagedBook,
    LayoutUnknown,
    OutcomeUnknown,
    StorageFull,
    StoreFailure,
    Unavailable,
)
from services.event_store.positioned import Batch, Identity
from services.event_store.postgres_layout import TEMPORARY, parts, with_detail
from services.event_store.postgres_server import SchemaDatastore, assert_durable, reason_of
from services.event_store.recorder import LAST_POSITION, LAYOUT, BookRecorder, CommitUncertain, columns, differences

T = TypeVar("T")

DISK_FULL, UNDEFINED_TABLE = "53100", "42P01"
"""SQLSTATE codes (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

# The function belongs to the schema, so two books cannot write into each other (the library's does, per database).
# The lock makes the order of positions the order of commits; inside the function each statement sees what was
# committed before the lock was given. NOTIFY is a hint: it is sent on commit, and may be lost.
SCHEMA = """
CREATE TABLE {schema}.book (stream text NOT NULL, layout integer NOT NULL);
INSERT INTO {schema}.book VALUES ({stream}, {layout});
CREATE TABLE {schema}.stored_events (
    originator_id text NOT NULL,
    originator_version bigint PRIMARY KEY CHECK (originator_version > 0),
    topic text NOT NULL,
    state bytea NOT NULL
);
CREATE TABLE {schema}.message_identities (
    key bytea PRIMARY KEY,
    digest bytea NOT NULL,
    position bigint NOT NULL,
    count integer NOT NULL
);
CREATE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'a book is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $body$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.book
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.stored_events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.message_identities
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE FUNCTION {schema}.refuse_gap() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    head bigint; rows bigint; lowest bigint;
BEGIN
    SELECT max(originator_version), min(originator_version), count(*) INTO head, lowest, rows FROM added;
    IF rows > 0 AND (head - lowest + 1 <> rows
        OR (lowest > 1 AND NOT EXISTS (SELECT FROM {schema}.stored_events WHERE originator_version = lowest - 1))) THEN
        RAISE EXCEPTION 'events are appended at the head' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $body$;
CREATE TRIGGER gapless AFTER INSERT ON {schema}.stored_events
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_gap();
CREATE FUNCTION {schema}.append_events(
    p_stream text, p_after bigint, p_topics text[], p_states bytea[],
    p_keys bytea[], p_digests bytea[], p_positions bigint[], p_counts integer[]
) RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
    head bigint;
BEGIN
    LOCK TABLE {schema}.stored_events IN EXCLUSIVE MODE;
    SELECT coalesce(max(originator_version), 0) INTO head FROM {schema}.stored_events;
    IF head <> p_after THEN
        RAISE EXCEPTION 'the head is %', head USING ERRCODE = 'unique_violation';
    END IF;
    INSERT INTO {schema}.stored_events SELECT p_stream, p_after + n, topic, state
        FROM unnest(p_topics, p_states) WITH ORDINALITY AS e (topic, state, n);
    IF cardinality(p_keys) > 0 THEN
        INSERT INTO {schema}.message_identities SELECT * FROM unnest(p_keys, p_digests, p_positions, p_counts);
    END IF;
    PERFORM pg_notify({channel}, (p_after + cardinality(p_states))::text);
END $body$;
"""


class PostgresBookRecorder(PostgresApplicationRecorder, BookRecorder):
    """Appends a batch and its identities by one statement, once: what became of a lost one is for the caller to ask."""

    datastore: SchemaDatastore

    def __init__(self, datastore: SchemaDatastore) -> None:
        super().__init__(datastore, events_table_name="stored_events")
        schema = Identifier(datastore.schema)
        self.channel_name = datastore.schema
        # The writer lock is had by whoever writes anyway; else this waits for it, and gives it back with the commit.
        self._append = SQL(
            "SELECT {}.append_events(%b::text, %b::bigint, %b::text[], %b::bytea[],"
            " %b::bytea[], %b::bytea[], %b::bigint[], %b::integer[])"
            " FROM pg_advisory_xact_lock(hashtextextended({}, 0))"
        ).format(schema, Literal(datastore.schema))
        self._head = SQL("SELECT coalesce(max(originator_version), 0) FROM {}.stored_events").format(schema)
        self._states = SQL(
            "SELECT originator_version, state FROM {}.stored_events WHERE originator_version > %b"
            " AND originator_version <= %b ORDER BY originator_version LIMIT %b"
        ).format(schema)
        # Most batches are new altogether, and then nothing stands between their first and their last key.
        self._identities = SQL(
            "SELECT * FROM {0}.message_identities WHERE key = ANY(%b::bytea[])"
            " AND EXISTS (SELECT FROM {0}.message_identities WHERE key BETWEEN %b::bytea AND %b::bytea)"
        ).format(schema)
        self._all_identities = SQL("SELECT * FROM {}.message_identities").format(schema)
        self._notifications = SQL(
            "SELECT originator_version, originator_id, topic, state FROM {}.stored_events"
            " WHERE originator_version >= %b AND originator_version <= %b AND (%b OR topic = ANY(%b))"
            " ORDER BY originator_version LIMIT %b"
        ).format(schema)

    def make_schema(self, book: str) -> None:
        """Make the schema of a book, whole or not at all; raises the library's errors, also when it is there."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(SQL("CREATE SCHEMA {}").format(Identifier(self.datastore.schema)))
            cursor.execute(self._made_in(self.datastore.schema, book))

    def _made_in(self, schema: str, book: str) -> Composed:
        """Return the statements that make the tables of a book in a schema."""
        return SQL(SCHEMA).format(
            schema=Identifier(schema), stream=Literal(book), layout=Literal(LAYOUT), channel=Literal(self.channel_name)
        )

    def create_table(self) -> None:
        """Do nothing: the tables are made with the schema, by `make_schema`."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Insert events and `identities`, without the library's retry: a retry after a lost answer meets itself."""
        if not stored_events:
            return []
        batch = columns(stored_events, kwargs.get("identities", ()))
        self.append(batch)
        return range(batch.after + 1, batch.after + 1 + len(stored_events))

    def append(self, batch: Batch) -> None:
        """Record a batch by one statement, all of it or nothing."""
        # Plain numbers are sent in the smallest type that fits, and each mix of types would be prepared anew.
        arguments = (
            batch.stream,
            Int8(batch.after),
            batch.topics,
            batch.states,
            [identity.key for identity in batch.identities],
            [identity.digest for identity in batch.identities],
            [Int8(identity.position) for identity in batch.identities],
            [Int4(identity.count) for identity in batch.identities],
        )
        with self.datastore.get_connection() as connection:
            ensure(connection.autocommit, "an append is one transaction of its own")
            try:
                connection.execute(self._append, arguments, prepare=True)
            except psycopg.Error as error:
                if connection.closed:
                    raise CommitUncertain(str(error).strip()) from error
                raise

    def head(self) -> int:
        """Return the last position, 0 in an empty book."""
        return int(self._rows(self._head, ())[0][0])

    def select_states(self, after: int, limit: int, upto: int | None) -> list[tuple[int, bytes]]:
        """Return at most `limit` positions after one (and not above `upto`) with their bytes, in order."""
        return self._rows(self._states, (after, LAST_POSITION if upto is None else upto, limit))

    def select_identities(self, keys: Sequence[bytes]) -> list[Identity]:
        """Return the identities that are recorded under these keys, in any order."""
        if not keys:
            return []
        return [Identity(*row) for row in self._rows(self._identities, (list(keys), min(keys), max(keys)))]

    def select_all_identities(self) -> list[Identity]:
        """Return every identity that is recorded, in any order."""
        return [Identity(*row) for row in self._rows(self._all_identities, ())]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return notifications, whose id is the position; the library's own ids have gaps."""
        lowest = 0 if start is None else start + (0 if inclusive_of_start else 1)
        highest = LAST_POSITION if stop is None else stop
        rows = self._rows(self._notifications, (lowest, highest, not topics, list(topics), limit))
        return [
            Notification(id=position, originator_id=stream, originator_version=position, topic=topic, state=state)
            for position, stream, topic, state in rows
        ]

    def max_notification_id(self) -> int | None:
        """Return the last position, or nothing in an empty book."""
        return self.head() or None

    def stream(self, book: str) -> str:
        """Return the name of the stream; checks the layout, and that the server still promises to be durable."""
        with self.datastore.get_connection() as connection:
            assert_durable(connection)
        rows = self._rows(SQL("SELECT stream, layout FROM {}.book").format(Identifier(self.datastore.schema)), ())
        if len(rows) != 1:
            raise DamagedBook(book=book, reason="the schema does not say which book it is")
        stream, layout = rows[0]
        if layout != LAYOUT:
            raise LayoutUnknown(book=book, layout=layout, known=LAYOUT)
        return str(stream)

    def troubles(self) -> list[str]:
        """Return each table, trigger, function and constraint of the schema that is not as it was made.

        They are compared with new ones, made beside it and taken back: the role that asks must be let make temporary
        tables, and the server not be a standby.
        """
        with self.datastore.get_connection() as connection, connection.transaction(force_rollback=True):
            connection.execute("SET TRANSACTION READ WRITE")  # a role's default may be to read only
            found = parts(connection, self.datastore.schema)
            connection.execute(self._made_in(TEMPORARY, ""))
            made = parts(connection, TEMPORARY)
            return [with_detail(trouble, found, made) for trouble in differences(found, made)]

    def failure(self, error: PersistenceError, book: str, after: int) -> StoreFailure:
        """Return what an error of the library means for a caller who appended after (or read at) a position."""
        state = getattr(error.__cause__, "sqlstate", None)
        if isinstance(error, CommitUncertain):
            return OutcomeUnknown(book=book, after=after)
        if state == DISK_FULL:
            return StorageFull(book=book)
        if state == UNDEFINED_TABLE:
            return DamagedBook(book=book, reason="a table is missing")
        if isinstance(error, IntegrityError):
            return Conflict(book=book, after=after)
        return Unavailable(book=book, reason=reason_of(error))

    def _rows(self, query: Composed, arguments: tuple[Any, ...]) -> list[Any]:
        def select() -> list[Any]:
            with self.datastore.get_connection() as connection:
                return connection.cursor(binary=True, row_factory=tuple_row).execute(query, arguments).fetchall()

        return _twice(select)


def _twice(read: Callable[[], T]) -> T:
    """Read again once when the connection was lost; a read changes nothing, so it may be repeated."""
    try:
        return read()
    except (OperationalError, InterfaceError):
        return read()
