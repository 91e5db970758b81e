"""What only a book in PostgreSQL can show: one pool for all books, lost answers, a server that promises too little."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import get_args
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from domain.kernel.refusal import Language
from services.event_store.failures import (
    BookNotFound,
    DamagedBook,
    LayoutUnknown,
    OutcomeUnknown,
    StorageFull,
    StoreFailure,
    Unavailable,
    UnsafeStorage,
)
from services.event_store.postgres_server import CONNECTIONS_MAX, place_of
from services.event_store.postgres_shelf import PostgresShelf
from services.settings import SettingWrong
from tests.contracts.events import AnyTestEvent, identity, mapper, notes
from tests.servers.cut_line import CutLine
from tests.servers.postgres import find_binaries, running_postgres

pytestmark = pytest.mark.server

OURS = "application_name = 'grundbok' AND datname = current_database()"

Shelf = PostgresShelf[AnyTestEvent]


@pytest.fixture
def shelf(postgres_dsn: str) -> Iterator[Shelf]:
    with PostgresShelf(postgres_dsn, mapper()) as opened:
        yield opened


@pytest.fixture
def admin(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        yield connection


def sessions(admin: psycopg.Connection) -> int:
    row = admin.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {OURS}").fetchone()  # noqa: S608 - ours
    assert row is not None
    return int(row[0])


def test_shares_few_connections_among_many_books(shelf: Shelf, admin: psycopg.Connection) -> None:
    stores = [shelf.create(f"book-{number}") for number in range(60)]
    most = 0

    def write(number: int) -> None:
        nonlocal most
        store = stores[number]
        with store.writing():
            store.append(notes(2), after=store.head(), identities=[identity("a", 1)])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, sessions(admin))
    for thread in threads:
        thread.join()

    assert 1 <= most <= CONNECTIONS_MAX
    assert [store.head() for store in stores] == [2] * 60
    assert len(shelf.names()) == 60


REPLACING = (
    "INSERT INTO {0}.stored_events VALUES ('varend', 1, 'a', '')"
    " ON CONFLICT (originator_version) DO UPDATE SET state = ''"
)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {0}.stored_events SET state = '' WHERE originator_version = 1",
        "DELETE FROM {0}.stored_events",
        "TRUNCATE {0}.stored_events",
        "INSERT INTO {0}.stored_events VALUES ('varend', 4, 'test.noted', '')",
        "INSERT INTO {0}.stored_events VALUES ('varend', 3, 'a', ''), ('varend', 5, 'a', '')",
        REPLACING,
        "INSERT INTO {0}.stored_events VALUES ('varend', 0, 'a', '')",
        "UPDATE {0}.message_identities SET count = 2",
        "DELETE FROM {0}.message_identities",
        "TRUNCATE {0}.message_identities",
        "UPDATE {0}.book SET stream = 'other'",
    ],
)
def test_lets_no_program_change_what_is_written(shelf: Shelf, admin: psycopg.Connection, change: str) -> None:
    store = shelf.create("varend")
    store.append(notes(2), after=0, identities=[identity("a", 1)])

    with pytest.raises(psycopg.errors.IntegrityError):
        admin.execute(change.format("grundbok_varend").encode())

    assert list(store.events()) == list(enumerate(notes(2), 1))


def test_announces_a_new_head(shelf: Shelf, admin: psycopg.Connection) -> None:
    store = shelf.create("varend")
    admin.execute('LISTEN "grundbok_varend"')
    store.append(notes(3), after=0)

    assert [note.payload for note in admin.notifies(timeout=5, stop_after=1)] == ["3"]


def test_says_when_the_disk_is_full(shelf: Shelf, admin: psycopg.Connection) -> None:
    store = shelf.create("varend")
    store.append(notes(1), after=0)
    admin.execute(
        "CREATE FUNCTION grundbok_varend.full() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END$$;"
        "CREATE TRIGGER full_disk AFTER INSERT ON grundbok_varend.message_identities"
        " FOR EACH STATEMENT EXECUTE FUNCTION grundbok_varend.full()"
    )

    with pytest.raises(StorageFull):
        store.append(notes(2), after=1, identities=[identity("a", 2)])

    assert store.head() == 1
    admin.execute("DROP TRIGGER full_disk ON grundbok_varend.message_identities")
    assert store.append(notes(2), after=1, identities=[identity("a", 2)]) == 3


@pytest.mark.parametrize("with_turn", [True, False])
def test_says_unknown_when_the_answer_is_lost_after_the_commit(postgres_dsn: str, *, with_turn: bool) -> None:
    where = urlsplit(postgres_dsn)
    with CutLine(where.hostname or "", where.port or 0) as line:
        dsn = make_conninfo(postgres_dsn, host="127.0.0.1", port=line.port)
        with PostgresShelf(dsn, mapper()) as shelf:
            store = shelf.create("varend")
            # Prepares the statement, so that the answer which is lost is the one to the commit.
            store.append(notes(1), after=0, identities=[identity("a", 1)])

            def append() -> None:
                turn = store.writing() if with_turn else contextlib.nullcontext()
                with turn:
                    line.cut_answers()
                    try:
                        store.append(notes(2), after=1, identities=[identity("b", 2, count=2)])
                    finally:
                        line.mend()

            with pytest.raises(OutcomeUnknown) as failure:
                append()

            assert failure.value.facts == {"book": "varend", "after": 1}
            wait_for_head(store.head, 3)
            assert store.identities([identity("b", 2).key]) == {identity("b", 2).key: identity("b", 2, count=2)}
            with store.writing(timeout_seconds=5):
                assert store.append(notes(1), after=3) == 4


def wait_for_head(head: object, position: int) -> None:
    assert callable(head)
    deadline = time.monotonic() + 5
    while head() != position and time.monotonic() < deadline:
        time.sleep(0.01)
    assert head() == position


def test_says_unknown_when_the_server_ends_the_session(shelf: Shelf, admin: psycopg.Connection) -> None:
    store = shelf.create("varend")
    outcome: list[StoreFailure] = []

    def append() -> None:
        try:
            store.append(notes(1), after=0, identities=[identity("a", 1)])
        except StoreFailure as failure:
            outcome.append(failure)

    with admin.transaction():
        admin.execute("LOCK TABLE grundbok_varend.stored_events IN EXCLUSIVE MODE")
        thread = threading.Thread(target=append)
        thread.start()
        waiting = f"SELECT pid FROM pg_stat_activity WHERE {OURS} AND wait_event_type = 'Lock'"  # noqa: S608 - ours
        while not (row := admin.execute(waiting).fetchone()):
            time.sleep(0.01)
            admin.execute("SELECT pg_stat_clear_snapshot()")
        admin.execute("SELECT pg_terminate_backend(%s)", (row[0],))
        thread.join()

    assert [type(failure) for failure in outcome] == [OutcomeUnknown]
    assert store.identities([identity("a", 1).key]) == {}
    assert store.append(notes(1), after=0, identities=[identity("a", 1)]) == 1


def test_survives_connections_that_died_while_idle(shelf: Shelf, admin: psycopg.Connection) -> None:
    store = shelf.create("varend")
    store.append(notes(1), after=0)
    admin.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {OURS}")  # noqa: S608 - ours

    assert store.append(notes(1), after=1) == 2


def test_gives_up_waiting_for_a_lock(shelf: Shelf, admin: psycopg.Connection) -> None:
    store = shelf.create("varend")
    with admin.transaction():
        admin.execute("LOCK TABLE grundbok_varend.stored_events IN EXCLUSIVE MODE")
        with shelf._server.pool.connection() as connection:
            connection.execute("SET lock_timeout = '50ms'")
        with pytest.raises(Unavailable, match="lock timeout"):
            store.append(notes(1), after=0)
    assert store.append(notes(1), after=0) == 1


def test_says_so_when_the_server_has_gone() -> None:
    with running_postgres("max_connections=10") as dsn:
        shelf = PostgresShelf(dsn, mapper())
        store = shelf.create("varend")
        store.append(notes(1), after=0)
    shelf._server.pool.timeout = 0.2
    for asked in (shelf.names, store.head, lambda: shelf.create("other"), lambda: store.append(notes(1), after=1)):
        with pytest.raises(Unavailable):
            asked()
    with pytest.raises(Unavailable), store.writing(timeout_seconds=0.2):
        pass
    shelf.close()


def test_leaves_errors_of_the_writer_alone(shelf: Shelf) -> None:
    store = shelf.create("varend")
    with pytest.raises(psycopg.OperationalError), store.writing():
        raise psycopg.OperationalError
    with store.writing(timeout_seconds=1):
        assert store.append(notes(1), after=0) == 1


def test_writes_two_books_by_turns_in_one_thread(shelf: Shelf) -> None:
    one, other = shelf.create("one"), shelf.create("other")
    with one.writing(), other.writing():
        assert one.append(notes(1), after=0) == 1
        assert other.append(notes(2), after=0) == 2


def test_refuses_a_schema_it_does_not_know(shelf: Shelf, admin: psycopg.Connection) -> None:
    shelf.create("varend").close()
    admin.execute("DROP TRIGGER append_only ON grundbok_varend.book; UPDATE grundbok_varend.book SET layout = 99")
    with pytest.raises(LayoutUnknown):
        shelf.open("varend")
    admin.execute("DELETE FROM grundbok_varend.book")
    with pytest.raises(DamagedBook):
        shelf.open("varend")
    admin.execute("DROP TABLE grundbok_varend.book")
    with pytest.raises(DamagedBook):
        shelf.open("varend")
    admin.execute("DROP SCHEMA grundbok_varend CASCADE")
    with pytest.raises(BookNotFound):
        shelf.open("varend")


def test_sets_durable_commits_whatever_the_database_says(postgres_dsn: str, admin: psycopg.Connection) -> None:
    database = Identifier(admin.info.dbname)
    admin.execute(SQL("ALTER DATABASE {} SET synchronous_commit = off").format(database))
    try:
        with PostgresShelf(postgres_dsn, mapper()) as shelf:
            shelf.create("varend").append(notes(1), after=0)
            with shelf._server.connection() as connection:
                row = connection.execute("SHOW synchronous_commit").fetchone()
                assert row == {"synchronous_commit": "on"}
    finally:
        admin.execute(SQL("ALTER DATABASE {} RESET synchronous_commit").format(database))


@pytest.mark.slow
def test_refuses_a_server_that_does_not_promise_durability() -> None:
    with running_postgres("fsync=off", "max_connections=10") as dsn, pytest.raises(UnsafeStorage, match="fsync=off"):
        PostgresShelf(dsn, mapper())


def test_says_so_when_there_is_no_server() -> None:
    with pytest.raises(Unavailable) as failure:
        PostgresShelf("postgresql://nobody:secret@127.0.0.1:1/none", mapper())
    for language in get_args(Language):
        said = failure.value.sentence(language)
        assert "postgresql://127.0.0.1:1/none" in said
        assert said.endswith("Connection refused.")
        assert "\n" not in said
        assert "secret" not in said


@pytest.mark.parametrize("password", ["sec%ret", "sec/ret", "se@cret", "12/@sec/ret"])
def test_does_not_show_a_password_that_is_not_encoded(password: str) -> None:
    with pytest.raises(SettingWrong) as refusal:
        PostgresShelf(f"postgresql://nobody:{password}@127.0.0.1:1/none", mapper())

    assert "ret" not in refusal.value.sentence("en")


@pytest.mark.parametrize(
    ("dsn", "place"),
    [
        ("postgresql://me:secret@h:5433/d?sslmode=require", "postgresql://h:5433/d"),
        ("postgres://h/d?user=me&password=secret", "postgresql://h/d"),
        ("postgresql://me@a:1,b:2/d", "postgresql://a,b:1,2/d"),
        ("postgresql:///d", "postgresql:///d"),
    ],
)
def test_names_the_place_of_a_dsn_without_who_asks(dsn: str, place: str) -> None:
    assert place_of(dsn) == place


def test_finds_a_server_among_the_development_packages() -> None:
    assert (find_binaries() / "initdb").is_file()
