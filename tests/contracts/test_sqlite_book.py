"""What only a book in SQLite can show: durable settings, a full disk, a damaged file, killed processes."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from services.event_store import driver
from services.event_store.failures import (
    BookNotFound,
    DamagedBook,
    DamagedEvent,
    LayoutUnknown,
    OutcomeUnknown,
    StorageFull,
    StoreFailure,
    Unavailable,
    UnsafeStorage,
)
from services.event_store.sqlite_connection import SETTINGS, BookDatastore, make_durable
from services.event_store.sqlite_recorder import diagnosis, make_file
from services.event_store.sqlite_shelf import SQLiteShelf
from tests.contracts.appending import BATCH
from tests.contracts.events import AnyTestEvent, Counted, identity, mapper, notes, root

if TYPE_CHECKING:
    from services.event_store.application import BookApplication
    from services.event_store.sqlite_connection import BookConnection
    from services.event_store.sqlite_recorder import SQLiteBookRecorder

Shelf = SQLiteShelf[AnyTestEvent]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with SQLiteShelf(tmp_path / "books", mapper()) as opened:
        yield opened


def datastore_of(shelf: Shelf, name: str = "varend") -> BookDatastore:
    with shelf._live.lent(name) as application:
        return cast("SQLiteBookRecorder", application.book).datastore


def plain(path: Path) -> Any:  # noqa: ANN401 - one of two modules' connections
    """Open a file as any other program would."""
    return driver.sqlite.connect(path, isolation_level=None)


def test_is_durable_on_every_connection(shelf: Shelf) -> None:
    shelf.create("varend")
    pool = datastore_of(shelf).pool
    journal = driver.journal_mode()

    connections = [pool.get_connection() for _ in range(4)]
    try:
        for connection in connections:
            cursor = connection.cursor().sqlite_cursor
            assert cursor.execute("PRAGMA synchronous").fetchone()[0] == driver.SYNCHRONOUS[journal]
            assert cursor.execute("PRAGMA journal_mode").fetchone()[0] == journal
    finally:
        for connection in connections:
            pool.put_connection(connection)


def test_uses_the_log_only_where_it_is_safe() -> None:
    assert driver.journal_mode((3, 51, 3)) == "wal"
    assert driver.journal_mode((3, 51, 2)) == "delete"
    assert driver.journal_mode((3, 40, 1)) == "delete"
    assert driver.SYNCHRONOUS == {"wal": 2, "delete": 3}


def test_takes_the_newer_of_two_drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysqlite3.dbapi2", None)
    assert driver.pick() is sqlite3


def test_refuses_settings_that_do_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsafeStorage, match="journal mode is memory"):
        make_durable(plain(Path(":memory:")))
    monkeypatch.setattr("services.event_store.sqlite_connection.SYNCHRONOUS", {"wal": 7, "delete": 7})
    with pytest.raises(UnsafeStorage, match="synchronous"):
        make_durable(plain(tmp_path / "x.sqlite"))
    assert not any("synchronous" in setting for setting in SETTINGS)


def test_works_with_a_rollback_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.event_store.sqlite_connection.journal_mode", lambda: "delete")
    with SQLiteShelf(tmp_path, mapper()) as shelf:
        store = shelf.create("varend")
        assert store.append(notes(3), after=0, identities=[identity("a", 1)]) == 3
        assert [position for position, _ in store.events()] == [1, 2, 3]
    assert [file.name for file in tmp_path.glob("*.sqlite*")] == ["varend.sqlite"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE stored_events SET state = x'00' WHERE originator_version = 1",
        "DELETE FROM stored_events",
        "REPLACE INTO stored_events VALUES ('varend', 1, 'test.noted', x'00')",
        "INSERT INTO stored_events VALUES ('varend', 4, 'test.noted', x'00')",
        "INSERT INTO stored_events VALUES ('varend', 0, 'test.noted', x'00')",
        "UPDATE message_identities SET count = 2",
        "DELETE FROM message_identities",
        "REPLACE INTO message_identities SELECT key, x'00', position, count FROM message_identities",
        "UPDATE book SET stream = 'other'",
        "DELETE FROM book",
    ],
)
def test_lets_no_program_change_what_is_written(shelf: Shelf, change: str) -> None:
    store = shelf.create("varend")
    store.append(notes(2), after=0, identities=[identity("a", 1)])

    other = plain(shelf.path("varend"))
    with pytest.raises(driver.sqlite.IntegrityError):
        other.execute(change)
    other.close()

    assert list(store.events()) == list(enumerate(notes(2), 1))
    assert store.identities([identity("a", 1).key]) == {identity("a", 1).key: identity("a", 1)}


def test_loses_nothing_when_the_disk_is_full_and_goes_on_later(shelf: Shelf) -> None:
    store = shelf.create("varend")
    connection = cast("BookConnection", datastore_of(shelf).pool._pool[0])._sqlite_conn
    connection.execute("PRAGMA max_page_count=40")

    acknowledged = 0

    def append_until_full() -> None:
        nonlocal acknowledged
        while acknowledged < 20_000:
            message = identity(f"m{acknowledged}", acknowledged + 1)
            acknowledged = store.append(notes(20, first=acknowledged + 1), after=acknowledged, identities=[message])

    with pytest.raises(StorageFull) as failure:
        append_until_full()

    assert failure.value.code == "storage_full"
    assert acknowledged > 0
    assert list(store.events()) == list(enumerate(notes(acknowledged), 1)), "reading goes on"
    assert store.identities([identity(f"m{acknowledged}", 1).key]) == {}
    connection.execute("PRAGMA max_page_count=100000")
    assert store.append(notes(20), after=acknowledged) == acknowledged + 20


def failing(kind: str, code: int) -> Exception:
    error: Exception = getattr(driver.sqlite, kind)("made for a test")
    error.sqlite_errorcode = code  # type: ignore[attr-defined] # as SQLite's own errors carry it
    return error


class FailingAtCommit:
    """A connection whose disk fails in the commit; everything else is the real one's."""

    def __init__(self, real: object, code: int) -> None:
        self._real = real
        self._code = code

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def commit(self) -> None:
        """Fail as a disk does."""
        raise failing("OperationalError", self._code)


@pytest.mark.parametrize(("code", "expected"), [(10, OutcomeUnknown), (13, StorageFull), (5, Unavailable)])
def test_says_what_a_failed_commit_means(shelf: Shelf, code: int, expected: type[StoreFailure]) -> None:
    store = shelf.create("varend")
    connection = cast("BookConnection", datastore_of(shelf).pool._pool[0])
    real = connection._sqlite_conn
    connection._sqlite_conn = cast("Any", FailingAtCommit(real, code))

    with pytest.raises(expected):
        store.append(notes(2), after=0, identities=[identity("a", 1)])

    connection._sqlite_conn = real
    assert store.identities([identity("a", 1).key]) == {}
    assert store.append(notes(2), after=0) == 2


def test_says_unavailable_while_another_program_locks_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.event_store.sqlite_connection.BUSY_SECONDS", 1)
    with SQLiteShelf(tmp_path, mapper()) as shelf:
        store = shelf.create("varend")
        other = plain(shelf.path("varend"))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            store.append(notes(1), after=0)
        other.execute("ROLLBACK")
        other.close()
        assert store.append(notes(1), after=0) == 1


def test_translates_errors_of_any_driver() -> None:
    with pytest.raises(IntegrityError), driver.translated():
        raise driver.sqlite.IntegrityError
    with pytest.raises(OperationalError) as error, driver.translated():
        raise failing("OperationalError", 0x030A)
    assert driver.result_code(error.value) == driver.IO_ERROR
    assert isinstance(diagnosis(error.value, "varend", 0), Unavailable), "before the commit nothing is in doubt"
    assert driver.result_code(ValueError()) is None


def test_refuses_files_that_are_no_books(shelf: Shelf) -> None:
    shelf.path("noise").parent.mkdir()
    shelf.path("noise").write_bytes(b"no database at all" * 100)
    shelf.path("empty").write_bytes(b"")
    other = plain(shelf.path("strange"))
    other.execute("CREATE TABLE t (a)")
    other.close()

    for name in ("noise", "empty", "strange"):
        with pytest.raises(DamagedBook):
            shelf.open(name)
    assert shelf.names() == ["empty", "noise", "strange"], "what stands there is listed, and opening says what it is"


def rewrite(path: Path, *statements: str) -> None:
    """Change a book behind its back, as damage or a newer program would."""
    other = plain(path)
    for (trigger,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        other.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        other.execute(statement)
    other.close()


def test_refuses_a_layout_it_does_not_know(shelf: Shelf) -> None:
    shelf.create("varend").close()
    rewrite(shelf.path("varend"), "UPDATE book SET layout = 99")
    with pytest.raises(LayoutUnknown):
        shelf.open("varend")
    rewrite(shelf.path("varend"), "DELETE FROM book")
    with pytest.raises(DamagedBook):
        shelf.open("varend")


def test_names_the_position_of_a_missing_event(shelf: Shelf) -> None:
    store = shelf.create("varend")
    store.append(notes(5), after=0)
    store.close()
    rewrite(shelf.path("varend"), "DELETE FROM stored_events WHERE originator_version = 3")

    with pytest.raises(DamagedEvent, match="Position 3"):
        list(store.events())


def test_says_when_a_book_was_taken_away(shelf: Shelf) -> None:
    store = shelf.create("varend")
    store.close()
    shelf.path("varend").unlink()

    with pytest.raises(BookNotFound):
        store.head()
    assert not shelf.path("varend").exists(), "a missing file is not made anew"


def test_reads_a_copy_under_another_name(shelf: Shelf) -> None:
    store = shelf.create("varend")
    store.append(notes(2), after=0)
    store.close()
    shelf.path("copy").write_bytes(shelf.path("varend").read_bytes())

    copy = shelf.open("copy")
    assert list(copy.events()) == list(enumerate(notes(2), 1))
    assert copy.append(notes(1), after=2) == 3
    with shelf._live.lent("copy") as application:
        assert [event.originator_id for event in application.events.get("varend")] == ["varend"] * 3


def test_leaves_no_half_made_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.event_store.sqlite_recorder.SCHEMA", "CREATE TABLE book (a); nonsense;")
    with pytest.raises(OperationalError):
        make_file(tmp_path / "varend.sqlite", "varend")
    assert list(tmp_path.iterdir()) == []


def test_says_so_when_the_directory_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable):
        SQLiteShelf(tmp_path / "file", mapper())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with SQLiteShelf(tmp_path / "books", mapper()) as shelf, pytest.raises(StorageFull):
        shelf.create("varend")


def test_keeps_few_files_open_however_many_books(tmp_path: Path) -> None:
    with SQLiteShelf(tmp_path / "books", mapper(), open_max=8) as shelf:
        stores = [shelf.create(f"book-{number}") for number in range(60)]
        for store in stores:
            store.append(notes(1), after=0)
        assert len(shelf._live) <= 8
        assert open_files(tmp_path) <= 8 * 2 * 3
        assert [store.head() for store in stores] == [1] * 60
        assert shelf.open("book-7").append(notes(1), after=1) == 2
        assert stores[7].head() == 2
    assert open_files(tmp_path) == 0
    with pytest.raises(Unavailable, match="closed"):
        closed_while_in_use(tmp_path)


def open_files(directory: Path) -> int:
    links = (descriptor.resolve() for descriptor in Path("/proc/self/fd").iterdir())
    return sum(link.is_relative_to(directory) for link in links)


def closed_while_in_use(directory: Path) -> None:
    shelf = SQLiteShelf(directory / "books", mapper())
    store = shelf.open("book-1")
    applications: list[BookApplication[AnyTestEvent]] = []
    with shelf._live.lent("book-1") as application:
        applications.append(application)
        application.close()
        store.head()


def test_is_shared_by_many_threads_of_one_shelf(shelf: Shelf) -> None:
    store = shelf.create("varend")

    def write() -> None:
        for _ in range(10):
            with store.writing():
                after = store.head()
                store.append([Counted(writer=0, number=after)], after=after)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [cast("Counted", event).number for _, event in store.events()] == list(range(80))


def program(directory: Path, writer: int, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.contracts.appending", str(directory), "varend", str(writer), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root(),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root()), *sys.path])},
    )


@pytest.mark.slow
def test_numbers_what_many_processes_write_at_once(shelf: Shelf, tmp_path: Path) -> None:
    store = shelf.create("varend")
    writers = [program(tmp_path / "books", writer, 10) for writer in range(8)]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0

    assert store.head() == 8 * 10 * BATCH
    written = [cast("Counted", event) for _, event in store.events()]
    for writer in range(8):
        assert [event.number for event in written if event.writer == writer] == list(range(10 * BATCH))


@pytest.mark.slow
def test_keeps_what_it_acknowledged_when_killed(shelf: Shelf, tmp_path: Path) -> None:
    store = shelf.create("varend")
    before = 0
    chance = random.Random(20230831)

    for kill in range(6):
        process = program(tmp_path / "books", kill, 0)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.01, 0.2))
        process.send_signal(signal.SIGKILL)
        lines = process.stdout.read().split("\n")[:-1]
        process.stdout.close()
        process.wait()

        acknowledged = int(lines[-1]) if lines else before
        head = before = store.head()
        assert acknowledged <= head <= acknowledged + BATCH, "only the last batch can be there without its answer"
        assert head % BATCH == 0, "a batch is whole"
        firsts = range(1, head + 1, BATCH)
        keys = [identity(f"varend-{cast('Counted', e).writer}-{p}", p).key for p, e in store.events() if p in firsts]
        assert sorted(i.position for i in store.identities(keys).values()) == list(firsts)
    assert head > 0


@pytest.mark.slow
def test_takes_the_turn_of_a_killed_writer(shelf: Shelf, tmp_path: Path) -> None:
    store = shelf.create("varend")
    holding = (
        "import sys, time; from pathlib import Path; from services.event_store.sqlite_shelf import SQLiteShelf;"
        "from tests.contracts.events import mapper;"
        "turn = SQLiteShelf(Path(sys.argv[1]), mapper()).open('varend').writing(); turn.__enter__();"
        "print('holds', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holding, str(tmp_path / "books")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root(),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root()), *sys.path])},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "holds\n"
    with pytest.raises(Unavailable), store.writing(timeout_seconds=0.1):
        pass
    process.kill()
    process.wait()
    process.stdout.close()

    with store.writing(timeout_seconds=5):
        assert store.append(notes(1), after=0) == 1
