"""The contract of `BookStore` and its shelf: one suite on memory, SQLite and a real PostgreSQL."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import msgspec
import pytest
from eventsourcing.persistence import NotSupportedError, PersistenceError, StoredEvent

from domain.kernel.refusal import InvariantBroken
from services.contract.envelope import content_digest, identity_key
from services.event_store.application import BookApplication
from services.event_store.failures import (
    BookExists,
    BookNameInvalid,
    BookNotFound,
    Conflict,
    DamagedEvent,
    NewerThanProgram,
    Unavailable,
)
from services.event_store.positioned import Positioned
from services.event_store.shelf import BookShelf
from services.event_store.store import BookStore
from tests.contracts.events import AnyTestEvent, Counted, Noted, identity, mapper, notes

Shelf = BookShelf[AnyTestEvent]
Store = BookStore[AnyTestEvent]
Open = Callable[[], Shelf]

WRITERS, APPENDS, RETRIES_MAX = 8, 12, 2000


@pytest.fixture
def store(shelf: Shelf) -> Store:
    return shelf.create("varend")


def application_of(shelf: Shelf, name: str = "varend") -> BookApplication[AnyTestEvent]:
    with shelf._live.lent(name) as application:
        return application


def test_begins_empty(store: Store) -> None:
    assert store.head() == 0
    assert store.read(0, 10) == []
    assert list(store.events()) == []
    assert store.identities([identity_key("/test", "m")]) == {}
    assert store.name == "varend"


def test_gives_positions_from_one_without_gaps(store: Store) -> None:
    assert store.append(notes(3), after=0) == 3
    assert store.append(notes(2, first=4), after=3) == 5

    assert store.head() == 5
    assert list(store.events()) == list(enumerate(notes(5), 1))


def test_reads_a_part_as_the_bytes_that_were_written(store: Store) -> None:
    store.append(notes(10), after=0)

    encode = mapper().encode
    assert store.read(0, 3) == [(n, encode(note)) for n, note in enumerate(notes(3), 1)]
    assert [position for position, _ in store.read(4, 100)] == [5, 6, 7, 8, 9, 10]
    assert [position for position, _ in store.read(4, 100, upto=6)] == [5, 6]
    assert [position for position, _ in store.events(after=7, upto=9)] == [8, 9]
    assert store.read(10, 5) == []
    assert store.read(3, 5, upto=3) == []


def test_iterates_over_more_than_a_page(store: Store) -> None:
    store.append(notes(4500), after=0)

    assert [position for position, _ in store.events()] == list(range(1, 4501))


def test_keeps_everything_when_opened_again(store: Store, open_again: Open) -> None:
    store.append(notes(3), after=0, identities=[identity("a", 1, count=3)])
    store.close()

    again = open_again().open("varend")
    assert list(again.events()) == list(enumerate(notes(3), 1))
    assert again.identities([identity("a", 1).key]) == {identity("a", 1).key: identity("a", 1, count=3)}
    assert list(store.events()) == list(again.events()), "a closed store opens its book again"


@pytest.mark.parametrize("after", [0, 1, 3, 4])
def test_refuses_to_append_elsewhere_than_at_the_head(store: Store, after: int) -> None:
    store.append(notes(2), after=0)

    with pytest.raises(Conflict) as conflict:
        store.append(notes(3), after=after, identities=[identity("late", after + 1)])

    assert conflict.value.facts == {"book": "varend", "after": after}
    assert store.head() == 2
    assert store.identities([identity("late", 1).key]) == {}


def test_records_identities_with_the_events(store: Store) -> None:
    wanted = [identity(f"m{n}", n) for n in range(1, 1201)]
    store.append(notes(1200), after=0, identities=wanted)

    keys = [i.key for i in wanted]
    assert store.identities([*keys, b"unknown, 16 byte"]) == {i.key: i for i in wanted}
    assert store.identities([]) == {}


def test_refuses_an_identity_that_is_recorded(store: Store) -> None:
    store.append(notes(1), after=0, identities=[identity("a", 1)])

    with pytest.raises(Conflict):
        store.append(notes(2), after=1, identities=[identity("b", 2), identity("a", 3, content=b"other")])

    assert store.head() == 1
    assert store.identities([identity("a", 1).key, identity("b", 2).key]) == {identity("a", 1).key: identity("a", 1)}


def test_refuses_the_same_identity_twice_in_a_batch(store: Store) -> None:
    with pytest.raises(Conflict):
        store.append(notes(2), after=0, identities=[identity("a", 1), identity("a", 2)])

    assert store.head() == 0


def test_stops_an_identity_that_points_outside_its_batch(store: Store) -> None:
    for stray in (identity("a", 0), identity("a", 3), identity("a", 2, count=2), identity("a", 1, count=0)):
        with pytest.raises(InvariantBroken):
            store.append(notes(2), after=0, identities=[stray])

    with pytest.raises(InvariantBroken):
        store.append([], after=0, identities=[identity("a", 1)])
    assert store.append([], after=0) == 0


def test_writes_a_batch_whole_or_not_at_all(store: Store) -> None:
    class Stranger(msgspec.Struct, frozen=True, tag_field="event", tag="test.stranger"):
        pass

    with pytest.raises(InvariantBroken, match="not in the catalogue"):
        store.append([*notes(3), cast("AnyTestEvent", Stranger())], after=0)

    assert store.head() == 0


def test_keeps_books_apart(shelf: Shelf, store: Store) -> None:
    other = shelf.create("helsingborg")
    store.append(notes(2), after=0, identities=[identity("a", 1)])

    assert other.append(notes(5), after=0, identities=[identity("a", 2)]) == 5
    assert (store.head(), other.head()) == (2, 5)


def test_lists_creates_and_finds_books(shelf: Shelf) -> None:
    shelf.create("varend")
    shelf.create("harnosand-timra")

    assert shelf.names() == ["harnosand-timra", "varend"]
    assert shelf.exists("varend")
    assert not shelf.exists("staffanstorp")
    with pytest.raises(BookExists):
        shelf.create("varend")
    with pytest.raises(BookNotFound) as refusal:
        shelf.open("staffanstorp")
    assert refusal.value.code == "book_not_found"


@pytest.mark.parametrize("name", ["", "-a", "Värend", "../up", "a/b", "a_b", "a" * 42, "a\n", "a.b", 'a"; DROP'])
def test_refuses_names_that_are_no_slugs(shelf: Shelf, name: str) -> None:
    with pytest.raises(BookNameInvalid):
        shelf.create(name)
    with pytest.raises(BookNotFound):
        shelf.open(name)
    assert not shelf.exists(name)


def test_takes_the_longest_name(shelf: Shelf) -> None:
    longest = "a-" * 20 + "b"

    assert shelf.create(longest).append(notes(1), after=0) == 1
    assert shelf.names() == [longest]


def test_lets_one_of_many_make_a_book(open_again: Open) -> None:
    made: list[str] = []

    def make(shelf: Shelf) -> None:
        try:
            made.append(shelf.create("varend").name)
        except BookExists:
            made.append("refused")

    threads = [threading.Thread(target=make, args=(open_again(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == ["refused"] * 3 + ["varend"]


@pytest.mark.parametrize("taking_turns", [True, False])
def test_numbers_what_many_write_at_once(store: Store, open_again: Open, *, taking_turns: bool) -> None:
    def write(writer: int) -> None:
        own = stores[writer]
        for number in range(APPENDS):
            event = Counted(writer=writer, number=number)
            if taking_turns:
                with own.writing():
                    own.append([event], after=own.head())
            else:
                append_with_retry(own, event)

    stores = [open_again().open("varend") for _ in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(write, range(WRITERS)))

    assert store.head() == WRITERS * APPENDS
    written = [cast("Counted", event) for _, event in store.events()]
    for writer in range(WRITERS):
        assert [event.number for event in written if event.writer == writer] == list(range(APPENDS))


def append_with_retry(own: Store, event: AnyTestEvent) -> None:
    for _ in range(RETRIES_MAX):
        try:
            own.append([event], after=own.head())
        except Conflict:
            continue
        return
    raise AssertionError("the retries ran out")


def test_shows_a_reader_no_gap_while_others_write(store: Store, open_again: Open) -> None:
    def write(own: Store) -> None:
        for number in range(60):
            append_with_retry(own, Counted(writer=0, number=number))

    stores = [open_again().open("varend") for _ in range(3)]
    seen: list[int] = []
    with ThreadPoolExecutor(3) as threads:
        writing = [threads.submit(write, own) for own in stores]
        while not all(writer.done() for writer in writing) or len(seen) < store.head():
            seen += [position for position, _ in store.events(after=len(seen))]  # raises when a position is missing
    assert [writer.result() for writer in writing] == [None] * 3
    assert seen == list(range(1, 181))


def test_lets_one_writer_in_at_a_time(store: Store, open_again: Open) -> None:
    other = open_again().open("varend")
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with other.writing():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(10)
    with pytest.raises(Unavailable, match="another writer"), store.writing(timeout_seconds=0.2):
        pass
    assert store.head() == 0, "reading needs no turn"
    leave.set()
    with store.writing(timeout_seconds=10):
        assert store.append(notes(1), after=0) == 1
    thread.join()


def test_gives_the_turn_back_when_the_writer_fails(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.writing():
        raise ZeroDivisionError
    with store.writing(timeout_seconds=1):
        assert store.append(notes(1), after=0) == 1


def test_names_what_the_program_does_not_know(store: Store, shelf: Shelf) -> None:
    store.append(notes(2), after=0)
    put(shelf, 3, b'{"event":"test.invented","text":"later"}')

    with pytest.raises(NewerThanProgram) as failure:
        list(store.events())

    assert failure.value.facts == {"book": "varend", "position": 3, "topic": "test.invented"}
    assert [position for position, _ in store.events(upto=2)] == [1, 2]
    assert len(store.read(0, 10)) == 3, "the bytes can be read without knowing them"


@pytest.mark.parametrize(
    "damaged",
    [b"", b"\x00\x01", b"{", b"[]", b'{"event":7}', b'{"text":"a"}', b'{"event":"test.noted","text":7}', b"\xff" * 9],
)
def test_names_the_position_of_damaged_bytes(store: Store, shelf: Shelf, damaged: bytes) -> None:
    store.append(notes(2), after=0)
    put(shelf, 3, damaged)

    with pytest.raises(DamagedEvent) as failure:
        list(store.events())

    assert (failure.value.facts["book"], failure.value.facts["position"]) == ("varend", 3)
    assert "skadad" in failure.value.sentence("sv")


def put(shelf: Shelf, position: int, state: bytes) -> None:
    """Append bytes that no mapper wrote, through the library's own interface."""
    recorder = application_of(shelf).book
    recorder.insert_events([StoredEvent("varend", position, "test.put", state)])


def test_is_an_application_of_the_library(store: Store, shelf: Shelf) -> None:
    store.append(notes(2), after=0)
    application = application_of(shelf)

    recordings = application.save(cast("Positioned[AnyTestEvent]", Positioned("varend", 3, Noted(text="saved"))))

    assert [recording.notification.id for recording in recordings] == [3]
    assert store.head() == 3
    read = list(application.events.get("varend", gt=1))
    assert read == [Positioned("varend", 2, notes(2)[1]), Positioned("varend", 3, Noted(text="saved"))]
    log = application.notification_log.select(start=2, limit=1000)
    assert [(n.id, n.originator_version, n.topic) for n in log] == [(2, 2, "test.noted"), (3, 3, "test.noted")]
    assert [n.id for n in application.notification_log.select(1, 10, topics=["test.counted"])] == []
    assert application.recorder.max_notification_id() == 3
    with pytest.raises(PersistenceError):
        application.save(cast("Positioned[AnyTestEvent]", Positioned("varend", 5, Noted(text="after a gap"))))


def test_holds_nothing_but_events(store: Store, shelf: Shelf) -> None:
    factory = application_of(shelf, store.name).factory
    for refused in (factory.aggregate_recorder, factory.tracking_recorder, factory.process_recorder):
        with pytest.raises(NotSupportedError):
            refused()


def test_ignores_the_environment(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POSTGRES_ENABLE_DB_FUNCTIONS", "IS_SNAPSHOTTING_ENABLED"):
        monkeypatch.setenv(name, "y")
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.popo")
    monkeypatch.setenv("COMPRESSOR_TOPIC", "zlib")

    store = shelf.create("varend")

    assert store.append(notes(1), after=0) == 1
    assert store.read(0, 1)[0][1].startswith(b"{")


def test_tells_messages_apart_by_source_and_id() -> None:
    assert identity_key("/a", "1") != identity_key("/a1", "")
    assert len(content_digest(b"")) == 16
    with pytest.raises(InvariantBroken):
        identity_key("/a\0b", "1")
