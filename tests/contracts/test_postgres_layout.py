"""What a proof is told of a schema that is not as the program makes it, and that one which is so is told nothing of."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from services.event_store.failures import Unavailable
from services.event_store.postgres_shelf import PostgresShelf
from services.event_store.store import BookStore
from tests.contracts.events import AnyTestEvent, identity, mapper, notes

pytestmark = pytest.mark.server

BOOK = "harnosand-timra"


@pytest.fixture
def admin(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def shelf(postgres_dsn: str) -> Iterator[PostgresShelf[AnyTestEvent]]:
    with PostgresShelf(postgres_dsn, mapper()) as opened:
        yield opened


@pytest.fixture
def store(shelf: PostgresShelf[AnyTestEvent]) -> BookStore[AnyTestEvent]:
    store = shelf.create(BOOK)
    store.append(notes(3), after=0, identities=[identity("a", 1, count=3)])
    return store


APPEND = "function append_events(p_stream text, p_after bigint, p_topics text[], p_states bytea[], p_keys bytea[], \
p_digests bytea[], p_positions bigint[], p_counts integer[])"

CHANGES = {
    "DROP TRIGGER append_only ON {0}.stored_events": ["trigger append_only of stored_events is missing"],
    "ALTER TABLE {0}.stored_events DISABLE TRIGGER append_only": [
        "trigger append_only of stored_events was changed: switched on or off"
    ],
    "ALTER TABLE {0}.stored_events DISABLE TRIGGER ALL": [
        "trigger append_only of stored_events was changed: switched on or off",
        "trigger gapless of stored_events was changed: switched on or off",
    ],
    "CREATE OR REPLACE TRIGGER append_only BEFORE DELETE ON {0}.stored_events FOR EACH STATEMENT"
    " EXECUTE FUNCTION {0}.refuse_change()": ["trigger append_only of stored_events was changed: moment"],
    "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {0}.book FOR EACH STATEMENT"
    " WHEN (current_user <> 'me') EXECUTE FUNCTION {0}.refuse_change()": [
        "trigger append_only of book was changed: condition"
    ],
    "CREATE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
    " CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {0}.book FOR EACH STATEMENT"
    " EXECUTE FUNCTION public.refuse_change()": ["trigger append_only of book was changed: function"],
    "CREATE OR REPLACE FUNCTION {0}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'": [
        "function refuse_change() was changed: body"
    ],
    "ALTER FUNCTION {0}.refuse_gap() SET search_path = public": ["function refuse_gap() was changed: settings"],
    "ALTER FUNCTION {0}.append_events SECURITY DEFINER": [f"{APPEND} was changed: SECURITY DEFINER"],
    "DROP FUNCTION {0}.append_events": [f"{APPEND} is missing"],
    "CREATE FUNCTION {0}.extra() RETURNS int LANGUAGE sql AS 'SELECT 1'": ["function extra() was added"],
    "CREATE TABLE {0}.extra (a int)": ["table extra was added"],
    "CREATE VIEW {0}.extra AS SELECT 1": ["view extra was added"],
    "CREATE INDEX extra ON {0}.stored_events (topic)": ["index extra was added"],
    "CREATE TABLE public.child () INHERITS ({0}.stored_events)": ["table stored_events was changed: inheritance"],
    "ALTER TABLE {0}.book SET UNLOGGED": ["table book was changed: UNLOGGED"],
    "ALTER TABLE {0}.message_identities ENABLE ROW LEVEL SECURITY": [
        "table message_identities was changed: row security"
    ],
    "ALTER TABLE {0}.stored_events ALTER topic DROP NOT NULL": ["table stored_events was changed: column topic"],
    "ALTER TABLE {0}.stored_events ADD extra text": ["table stored_events was changed: column extra, columns"],
    "ALTER TABLE {0}.message_identities DROP count": ["table message_identities was changed: column count, columns"],
    "ALTER TABLE {0}.stored_events DROP CONSTRAINT stored_events_originator_version_check": [
        "constraint stored_events_originator_version_check of stored_events is missing"
    ],
    "ALTER TABLE {0}.stored_events ADD CONSTRAINT extra CHECK (topic <> '')": [
        "constraint extra of stored_events was added"
    ],
    "ALTER TABLE {0}.stored_events DROP CONSTRAINT stored_events_originator_version_check,"
    " ADD CONSTRAINT stored_events_originator_version_check CHECK (originator_version > -9)": [
        "constraint stored_events_originator_version_check of stored_events was changed: definition"
    ],
    "ALTER TABLE {0}.message_identities DROP CONSTRAINT message_identities_pkey": [
        "constraint message_identities_pkey of message_identities is missing",
        "index message_identities_pkey is missing",
    ],
    "CREATE RULE extra AS ON INSERT TO {0}.stored_events DO INSTEAD NOTHING": ["rule extra of stored_events was added"],
    "CREATE POLICY extra ON {0}.stored_events USING (true)": ["policy extra of stored_events was added"],
    "DROP TABLE {0}.message_identities": [
        "constraint message_identities_pkey of message_identities is missing",
        "index message_identities_pkey is missing",
        "table message_identities is missing",
        "trigger append_only of message_identities is missing",
    ],
}


@pytest.mark.parametrize(("change", "told"), CHANGES.items())
def test_names_what_is_missing_was_added_or_was_changed(
    store: BookStore[AnyTestEvent], admin: psycopg.Connection, change: str, told: list[str]
) -> None:
    try:
        admin.execute(SQL(change).format(Identifier(f"grundbok_{BOOK}")))

        assert store.troubles() == told
    finally:
        admin.execute("SET client_min_messages = warning; DROP TABLE IF EXISTS public.child")
        admin.execute("DROP FUNCTION IF EXISTS public.refuse_change() CASCADE")


def test_finds_nothing_wrong_with_a_book_and_leaves_nothing_behind(
    store: BookStore[AnyTestEvent], shelf: PostgresShelf[AnyTestEvent], admin: psycopg.Connection
) -> None:
    with store.writing():  # also on the connection that writes
        assert store.troubles() == store.troubles() == []
        store.append(notes(1), after=3)

    assert shelf.create("other").troubles() == []
    assert admin.execute("SELECT relname FROM pg_class WHERE relpersistence = 't'").fetchall() == []
    assert [event for _, event in store.events()] == notes(3) + notes(1)


@pytest.fixture
def reader(admin: psycopg.Connection, store: BookStore[AnyTestEvent], postgres_dsn: str) -> Iterator[str]:
    """Give the DSN of a role that may read one book, and no more."""
    assert store.head() == 3
    schema = Identifier(f"grundbok_{BOOK}")
    admin.execute("CREATE ROLE reader LOGIN; ALTER ROLE reader SET default_transaction_read_only = on")
    admin.execute(SQL("GRANT USAGE ON SCHEMA {0} TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO reader")
                  .format(schema))  # fmt: skip
    yield make_conninfo(postgres_dsn, user="reader")
    admin.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_an_auditor_who_may_only_read_is_told_as_much(reader: str, admin: psycopg.Connection) -> None:
    with PostgresShelf(reader, mapper()) as shelf:
        store = shelf.open(BOOK)
        assert store.troubles() == []
        admin.execute(SQL("DROP TRIGGER gapless ON {}.stored_events").format(Identifier(f"grundbok_{BOOK}")))

        assert store.troubles() == ["trigger gapless of stored_events is missing"]


def test_says_so_where_it_cannot_compare(reader: str, admin: psycopg.Connection) -> None:
    database = Identifier(admin.info.dbname)
    admin.execute(SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(database))
    try:
        with PostgresShelf(reader, mapper()) as shelf, pytest.raises(Unavailable, match="temporary"):
            shelf.open(BOOK).troubles()
    finally:
        admin.execute(SQL("GRANT TEMPORARY ON DATABASE {} TO PUBLIC").format(database))
