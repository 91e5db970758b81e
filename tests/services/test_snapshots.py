"""Snapshots: used when they are of this book by this program, else ignored; never the reason that something fails."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import domain
from domain.catalogue import AnyEvent
from services.application import snapshots
from services.application.snapshots import EVENTS_AT_REST, EVENTS_BETWEEN, Snapshots, snapshot_file
from services.application.state import Known
from services.application.writer import BookWriter
from services.bootstrap import running
from services.clock import FixedClock
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import Unavailable
from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from services.settings import Settings
from tests.builders import a_correction
from tests.services.messages import NOON, codes, envelope, founding, read, vouchers
from tests.services.places import in_postgres, replaced

Store = BookStore[AnyEvent]
COUNT = 300
"""Vouchers of the book, enough for a snapshot at rest."""


@pytest.fixture
def shelf(place: str) -> Iterator[BookShelf[AnyEvent]]:
    """Give an empty shelf of either kind."""
    with open_shelf(place, catalogue_mapper()) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return snapshot_file(tmp_path / "books", "prov")


@pytest.fixture
def known(store: Store, file: Path) -> Known:
    """Fill a book, let its writer rest, and say what it knew."""
    writer = a_writer(store, file)
    writer.write(read(*founding(), *vouchers(COUNT)))
    writer.rest()
    return writer._known


def a_writer(store: Store, file: Path) -> BookWriter:
    return BookWriter(store, FixedClock(NOON), Snapshots(file))


def begins_after(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the position after which a new writer reads the book; it accepts a voucher in any case."""
    begun: list[int] = []
    events = store.events

    def spying(after: int = 0, upto: int | None = None) -> Iterator[tuple[int, AnyEvent]]:
        begun.append(after)
        return events(after, upto)

    with monkeypatch.context() as patched:
        patched.setattr(store, "events", spying)
        answers = a_writer(store, file).write(read(*vouchers(1, first=9999)))
    assert codes(answers) == [f"A{store.head() - 4}/2023"]
    return begun[0]


@pytest.mark.usefixtures("known")
def test_spares_reading_the_book(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert begins_after(store, file, monkeypatch) == COUNT + 4


def test_knows_what_a_replay_knows(store: Store, file: Path, known: Known) -> None:
    loaded = Snapshots(file).load(store)

    assert loaded is not None
    assert loaded[0] == known
    assert loaded[0] == BookWriter(store, FixedClock(NOON))._caught_up()


def test_wherever_it_is_taken_it_knows_what_a_replay_knows(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each writer goes on from the snapshot of the one before."""
    monkeypatch.setattr(snapshots, "EVENTS_AT_REST", 1)
    batches = [founding(), vouchers(1), vouchers(6, first=2), vouchers(113, first=8), vouchers(2, first=121)]
    for messages in batches:
        writer = a_writer(store, file)
        writer.write(read(*messages))
        writer.rest()
        loaded, replayed = Snapshots(file).load(store), BookWriter(store, FixedClock(NOON))

        assert loaded is not None
        assert loaded[0] == replayed._caught_up()
        assert loaded[0].position == store.head()
        assert loaded[1].positions == replayed._places.positions


def test_finds_the_voucher_that_a_correction_names(store: Store, file: Path, known: Known) -> None:
    assert known.position == COUNT + 4
    correction = envelope(a_correction(number=COUNT - 7), "c-1")

    assert codes(a_writer(store, file).write(read(correction))) == ["R1/2023"]


def test_reads_what_has_come_since(store: Store, file: Path, known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    other = BookWriter(store, FixedClock(NOON))
    other.write(read(*vouchers(10, first=COUNT + 1)))

    assert begins_after(store, file, monkeypatch) == known.position
    assert store.head() == known.position + 11


def test_is_written_while_a_book_is_filled(store: Store, file: Path) -> None:
    writer = a_writer(store, file)
    writer.write(read(*founding(), *vouchers(EVENTS_BETWEEN - 5)))
    assert not file.exists()

    writer.write(read(*vouchers(1, first=EVENTS_BETWEEN)))

    assert file.exists()
    assert list(file.parent.iterdir()) == [file]


def test_is_not_written_for_a_little(store: Store, file: Path) -> None:
    writer = a_writer(store, file)
    writer.write(read(*founding(), *vouchers(EVENTS_AT_REST - 5)))
    writer.rest()

    assert not file.exists()


Damage = Callable[[bytes], bytes]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda stored: stored[:-1],
        lambda stored: stored + b"\0",
        lambda stored: stored[: len(stored) // 2],
        lambda stored: b"\0" * len(stored),
        lambda stored: bytes([stored[0] ^ 1]) + stored[1:],
        lambda stored: stored[:30] + bytes([stored[30] ^ 1]) + stored[31:],
        lambda stored: stored[:-1] + bytes([stored[-1] ^ 1]),
    ],
    ids=["empty", "cut", "longer", "half", "zeros", "magic", "digest", "content"],
)
def test_is_ignored_when_damaged(store: Store, file: Path, damage: Damage, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(damage(file.read_bytes()))

    assert begins_after(store, file, monkeypatch) == 0


@pytest.mark.usefixtures("known")
def test_is_ignored_by_a_program_that_was_changed(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "program", lambda: b"another")

    assert begins_after(store, file, monkeypatch) == 0


@pytest.mark.usefixtures("known")
def test_is_ignored_when_it_decodes_as_nothing(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = snapshots._encoder.encode({"program": snapshots.program(), "stream": "prov"})
    file.write_bytes(snapshots.MAGIC + snapshots._digest(body) + body)

    assert begins_after(store, file, monkeypatch) == 0


@pytest.mark.usefixtures("known")
def test_is_ignored_in_another_book(
    shelf: BookShelf[AnyEvent], file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = shelf.create("annan")
    BookWriter(other, FixedClock(NOON)).write(read(*founding(), *vouchers(COUNT)))
    foreign = snapshot_file(tmp_path / "books", "annan")
    foreign.write_bytes(file.read_bytes())

    assert begins_after(other, foreign, monkeypatch) == 0


def test_is_ignored_when_the_book_was_put_back(
    shelf: BookShelf[AnyEvent], store: Store, place: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = a_writer(store, file)
    writer.write(read(*founding(), *vouchers(10)))
    then = [event for _, event in store.events()]
    writer.write(read(*vouchers(COUNT, first=11)))
    writer.rest()

    older = replaced(shelf, place, "prov", then)

    assert file.exists()
    assert begins_after(older, file, monkeypatch) == 0


def test_is_ignored_when_the_book_went_on_otherwise(
    shelf: BookShelf[AnyEvent], store: Store, known: Known, place: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = [event for _, event in store.events(upto=known.position // 2)]
    other = replaced(shelf, place, "prov", then)
    BookWriter(other, FixedClock(NOON)).write(read(*vouchers(COUNT, first=500)))

    assert other.head() > known.position
    assert begins_after(other, file, monkeypatch) == 0


def test_a_snapshot_that_cannot_be_written_fails_nothing(store: Store, file: Path) -> None:
    file.parent.parent.mkdir(exist_ok=True)
    file.parent.write_bytes(b"a file where the directory should be")
    writer = a_writer(store, file)

    answers = writer.write(read(*founding(), *vouchers(EVENTS_BETWEEN)))
    writer.rest()

    assert codes(answers)[-1] == f"A{EVENTS_BETWEEN}/2023"


def test_a_store_that_fails_after_the_commit_fails_nothing(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = a_writer(store, file)
    monkeypatch.setattr(store, "stream", unavailable)

    answers = writer.write(read(*founding(), *vouchers(EVENTS_BETWEEN)))

    assert codes(answers)[-1] == f"A{EVENTS_BETWEEN}/2023"
    assert not file.exists()


def unavailable() -> str:
    raise Unavailable(book="prov", reason="test")


def test_a_program_without_its_text_has_no_snapshots(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "program", lambda: b"")
    writer = a_writer(store, file)
    writer.write(read(*founding(), *vouchers(COUNT)))
    writer.rest()

    assert not file.exists()


def test_tells_programs_apart_by_their_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = set()
    for text in ("one", "other"):
        package = tmp_path / text / "domain"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(text)
        monkeypatch.setattr(domain, "__file__", str(package / "__init__.py"))
        texts.add(snapshots.program.__wrapped__())
    monkeypatch.setattr(domain, "__file__", str(tmp_path / "nothing" / "__init__.py"))

    assert len(texts) == 2
    assert snapshots.program.__wrapped__() == b""


def test_the_program_keeps_snapshots_of_what_it_writes(place: str, tmp_path: Path) -> None:
    elsewhere = in_postgres(place)
    settings = Settings(data=tmp_path, postgres=place if elsewhere else None)
    with running(settings, FixedClock(NOON)) as program:
        program.writer("prov", create=True).write(read(*founding(), *vouchers(COUNT)))

    with running(settings, FixedClock(NOON)) as program:
        file = snapshot_file(tmp_path, "prov", elsewhere=elsewhere)
        assert Snapshots(file).load(program.book("prov")) is not None
        assert program.shelf.names() == ["prov"]


def test_books_elsewhere_have_their_own_files(tmp_path: Path) -> None:
    assert snapshot_file(tmp_path, "prov", elsewhere=True) != snapshot_file(tmp_path, "prov")
