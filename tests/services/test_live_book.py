"""A live book and the file of its read model: quick, never wrong, and nobody's loss when it is deleted or spoiled."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from domain.catalogue import AnyEvent
from projections import postings
from projections.ledger import Sums
from projections.report import Question
from projections.table import Report
from services.application import live_book, queries, read_models
from services.application.live_book import LiveBook
from services.application.read_models import FOLDER, model_file
from services.application.verify import verify
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.failures import DamagedEvent
from services.event_store.model_file import ModelFile, ModelUnusable
from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from services.event_store.store import BookStore
from services.settings import Settings
from tests.ledger_text import events
from tests.projections.test_replay import year_opened
from tests.services.console import build, copied, forged, runner
from tests.services.places import in_postgres, replaced

LAYOUTS = queries.Layouts()
QUESTION = Question(name="interim", as_of=date(2017, 8, 31))
MAPPER = catalogue_mapper()


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("examples")
    build(directory, "varend")
    build(directory, "helsingborg")
    return directory


@pytest.fixture
def data(examples: Path, tmp_path: Path) -> Path:
    copied(examples / "varend.sqlite", tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def small_and_always_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postings, "FULL", 100)
    monkeypatch.setattr(postings, "FANOUT", 3)
    monkeypatch.setattr(read_models, "WORTH_SAVING", 1)


@pytest.fixture
def shelf(examples: Path, place: str) -> Iterator[BookShelf[AnyEvent]]:
    """Give a shelf of either kind with one book."""
    with open_shelf(place, MAPPER) as shelf:
        if in_postgres(place):
            with open_shelf(examples, MAPPER) as source:
                book = source.open("varend")
                events, identities = [event for _, event in book.events()], book.all_identities()
                shelf.create("varend").append(events, after=0, identities=identities)
        else:
            copied(examples / "varend.sqlite", Path(place))
        yield shelf


@pytest.fixture
def store(shelf: BookShelf[AnyEvent]) -> BookStore[AnyEvent]:
    return shelf.open("varend")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / FOLDER / "varend.ledger"


def asked(store: BookStore[AnyEvent], file: Path | None) -> Report:
    return LiveBook(store, None if file is None else ModelFile(file)).report(QUESTION, None, LAYOUTS)


def replayed(store: BookStore[AnyEvent]) -> Report:
    return queries.report(store, QUESTION, None, LAYOUTS)


class Watched:
    """A book that tells how many events were read."""

    def __init__(self, store: BookStore[AnyEvent]) -> None:
        self._store = store
        self.events_read = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def read(self, after: int, limit: int, *, upto: int | None = None) -> list[tuple[int, bytes]]:
        """Read, and count."""
        rows = self._store.read(after, limit, upto=upto)
        self.events_read += len(rows)
        return rows


def test_reads_a_book_once_and_then_only_what_is_new(store: BookStore[AnyEvent], file: Path) -> None:
    first, second = Watched(store), Watched(store)

    before = asked(first, file)  # type: ignore[arg-type] # it has what a book has
    after = asked(second, file)  # type: ignore[arg-type]

    assert first.events_read == store.head()
    assert second.events_read == 1  # the one that shows that the file is of this book
    assert before == after == replayed(store)


def test_a_small_book_gets_no_file(store: BookStore[AnyEvent], file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_models, "WORTH_SAVING", 1000)

    assert asked(store, file) == replayed(store)
    assert not file.exists()


def test_deleting_it_changes_nothing(store: BookStore[AnyEvent], file: Path) -> None:
    live = LiveBook(store, ModelFile(file))
    live.report(QUESTION, None, LAYOUTS)

    shutil.rmtree(file.parent)

    assert live.report(QUESTION, 200, LAYOUTS) == queries.report(store, QUESTION, 200, LAYOUTS)
    assert asked(store, file) == replayed(store)
    assert file.is_file()


@pytest.mark.slow
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # it takes a while, and spoils only the file
def test_whatever_byte_is_spoiled_the_report_is_right(store: BookStore[AnyEvent], file: Path) -> None:
    expected = asked(store, file)
    whole = file.read_bytes()

    for place in range(0, len(whole), 487):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        assert asked(store, file) == expected, f"byte {place}"
        file.unlink()


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0", bytes(5000)])
def test_what_is_no_read_model_is_made_anew(store: BookStore[AnyEvent], file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)

    assert asked(store, file) == replayed(store)
    assert ModelFile(file).outline() is not None


def test_what_was_cut_short_is_made_anew(store: BookStore[AnyEvent], file: Path) -> None:
    expected = asked(store, file)
    file.write_bytes(file.read_bytes()[:9000])

    assert asked(store, file) == expected


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM outline",
        "DELETE FROM node",
        "DELETE FROM note",
        "UPDATE made SET token = x'00'",
        "UPDATE node SET content = x'90', checksum = 1",
        "UPDATE note SET content = CAST(content AS TEXT)",
        "DROP TABLE node",
        "UPDATE outline SET content = x'90'",
    ],
)
def test_what_was_tampered_with_by_accident_is_made_anew(store: BookStore[AnyEvent], file: Path, change: str) -> None:
    expected = asked(store, file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(change)

    assert asked(store, file) == expected
    assert asked(store, file) == expected


def test_the_file_of_another_book_is_not_used(examples: Path, store: BookStore[AnyEvent], file: Path) -> None:
    with open_shelf(examples, MAPPER) as shelf:
        LiveBook(shelf.open("helsingborg"), ModelFile(file)).catch_up()
    assert file.is_file()

    assert asked(store, file) == replayed(store)


def test_the_file_of_a_book_of_the_same_name_that_was_replaced_is_not_used(
    shelf: BookShelf[AnyEvent], place: str, file: Path
) -> None:
    """The same stream, as long, other events: what a restored copy that went another way looks like."""
    before = asked(shelf.open("varend"), file)
    events = [event for _, event in shelf.open("varend").events()]

    other = replaced(shelf, place, "varend", 2 * events[: len(events) // 2])

    assert asked(other, file) == replayed(other)
    assert (asked(other, file) == before, asked(other, file).position) == (False, before.position)


def test_the_file_of_a_longer_book_is_not_used_for_its_older_copy(
    shelf: BookShelf[AnyEvent], place: str, file: Path
) -> None:
    asked(shelf.open("varend"), file)

    older = replaced(shelf, place, "varend", [event for _, event in shelf.open("varend").events(upto=200)])

    assert asked(older, file) == replayed(older)
    assert asked(older, file).position == 200


def test_a_live_book_notices_that_its_book_was_put_back(shelf: BookShelf[AnyEvent], place: str) -> None:
    live = LiveBook(shelf.open("varend"))
    assert live.catch_up() > 200

    older = replaced(shelf, place, "varend", [event for _, event in shelf.open("varend").events(upto=200)])

    assert live.catch_up() == 200
    assert live.report(QUESTION, None, LAYOUTS) == replayed(older)


def test_the_file_of_another_program_is_not_used(
    store: BookStore[AnyEvent], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(store, file)
    monkeypatch.setattr(read_models, "SHAPE", b"another")
    watched = Watched(store)

    assert asked(watched, file) == replayed(store)  # type: ignore[arg-type]
    assert watched.events_read == store.head()


def test_the_shape_of_a_program_is_the_same_in_every_process(grundbok_process: Callable[[str], str]) -> None:
    said = grundbok_process("from services.application.read_models import SHAPE; print(SHAPE.hex())")

    assert said.strip() == read_models.SHAPE.hex()


@pytest.fixture
def grundbok_process() -> Callable[[str], str]:
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    def run(program: str) -> str:
        return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    return run


def test_a_file_that_replaced_the_one_that_was_opened_is_not_mixed_with_it(
    store: BookStore[AnyEvent], file: Path
) -> None:
    expected = asked(store, file)
    opened = LiveBook(store, ModelFile(file))
    opened.catch_up()
    file.unlink()
    asked(store, file)

    assert opened.report(QUESTION, None, LAYOUTS) == expected


def test_pieces_of_two_files_are_not_mixed(store: BookStore[AnyEvent], file: Path) -> None:
    asked(store, file)
    opened = ModelFile(file)
    opened.outline()
    whole = opened.node((0, 0))
    file.unlink()
    asked(store, file)

    with pytest.raises(ModelUnusable, match="no node"):
        opened.node((0, 0))
    with pytest.raises(ModelUnusable, match="no outline"):
        ModelFile(make_empty(file.with_name("other"))).outline()
    opened.outline()
    assert opened.node((0, 0)) == whole


def make_empty(path: Path) -> Path:
    """Make a file as it is just before its first outline is written."""
    ModelFile(path)._make(0)
    return path


def test_opening_balances_count_from_the_day_before(tmp_path: Path) -> None:
    told = events(
        """
        2023-01-01 IB Ingående balanser
            1930  500
            2081 -500
        2023-01-01 Insättning
            1930  100
            2081 -100
    """,
        year_opened(2023),
    )
    with open_shelf(tmp_path, MAPPER) as shelf:
        store = shelf.create("bok")
        store.append(told, after=0)
        for day, kronor in (("2022-12-30", "0"), ("2022-12-31", "500"), ("2023-01-01", "600")):
            question = Question(name="trial-balance", as_of=date.fromisoformat(day), unit="kr")
            made = LiveBook(store).report(question, None, LAYOUTS)
            assert made == queries.report(store, question, None, LAYOUTS)
            balances = [ledger.account_at(1930, question.as_of) for ledger in ledgers(store, question.as_of)]
            assert balances == [int(kronor) * 100] * 3


def ledgers(store: BookStore[AnyEvent], as_of: date) -> list[Sums]:
    """Return the ledger of a book from the read model and by both replays."""
    kept = read_models.KeptModel(store, None)
    kept.catch_up()
    by_account = queries.accounts_replayed(store, None, as_of)
    assert by_account is not None
    histories = (kept.model.history(store.head()), queries.replayed(store, None), by_account)
    return [history.ledger for history in histories]


def test_a_catch_up_that_fails_halfway_leaves_nothing_behind(data: Path) -> None:
    book = data / "varend.sqlite"
    whole = book.read_bytes()
    with open_shelf(data, MAPPER) as shelf:
        expected = replayed(shelf.open("varend"))
    with forged(book) as connection:
        rows = connection.execute(
            "SELECT originator_version, state FROM stored_events WHERE originator_version > 150"
            " AND topic = 'supplier_invoice.received'"
        ).fetchall()
        for position, state in rows:
            damaged = state.replace(b'"accounting_date":"2', b'"accounting_date":"x')
            connection.execute("UPDATE stored_events SET state = ? WHERE originator_version = ?", (damaged, position))
    with open_shelf(data, MAPPER) as shelf:
        store = shelf.open("varend")
        live = LiveBook(store)
        for _ in range(2):
            with pytest.raises(DamagedEvent):
                live.report(QUESTION, None, LAYOUTS)
        store.close()
        book.write_bytes(whole)

        assert live.report(QUESTION, None, LAYOUTS) == expected


def test_who_comes_second_writes_nothing_over_the_first(store: BookStore[AnyEvent], file: Path) -> None:
    one, other = LiveBook(store, ModelFile(file)), LiveBook(store, ModelFile(file))
    events = [event for _, event in store.events()]
    one.catch_up()
    other.catch_up()
    store.append(events[-1:], after=store.head())
    one.catch_up()
    written = file.read_bytes()
    store.append(events[-1:], after=store.head())

    assert other.catch_up() == store.head()
    assert file.read_bytes() == written
    assert other.report(QUESTION, None, LAYOUTS) == one.report(QUESTION, None, LAYOUTS) == replayed(store)


def test_content_and_position_are_written_together_or_not_at_all(store: BookStore[AnyEvent], file: Path) -> None:
    asked(store, file)
    model = ModelFile(file)
    found = model.outline()
    assert found is not None

    def nodes() -> Iterator[tuple[tuple[int, int], tuple[bytes, ...]]]:
        yield (9, 9), (b"x",)
        raise ModelUnusable("the process dies here")

    with pytest.raises(ModelUnusable, match="dies"):
        model.save(found[0], b"another outline", nodes(), [(10**6, b"note")])

    assert model.outline() == found
    assert model.notes(10**7) == model.notes(store.head())
    with pytest.raises(ModelUnusable, match="no node"):
        model.node((9, 9))


def test_a_place_that_cannot_be_written_costs_only_time(store: BookStore[AnyEvent], file: Path) -> None:
    file.parent.write_text("not a directory")

    assert asked(store, file) == replayed(store)


def test_a_directory_in_its_place_costs_only_time(store: BookStore[AnyEvent], file: Path) -> None:
    file.mkdir(parents=True)

    assert asked(store, file) == replayed(store)


def test_sums_beyond_the_columns_are_folded(
    store: BookStore[AnyEvent], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overflows(*_: object) -> None:
        raise OverflowError

    monkeypatch.setattr(postings.Postings, "take", overflows)
    live = LiveBook(store, ModelFile(file))

    assert live.report(QUESTION, None, LAYOUTS) == replayed(store)
    assert live.catch_up() == store.head()


def test_answers_many_threads_while_the_book_grows(shelf: BookShelf[AnyEvent], file: Path) -> None:
    events = [event for _, event in shelf.open("varend").events()]
    store = shelf.create("growing")
    store.append(events[:50], after=0)
    live = LiveBook(store, ModelFile(file))
    with ThreadPoolExecutor(4) as threads:
        answers = []
        for after in range(50, len(events), 10):
            answers += [threads.submit(live.report, QUESTION, None, LAYOUTS) for _ in range(3)]
            store.append(events[after : after + 10], after=after)
        made = {report.position: report for report in (answer.result() for answer in answers)}

    for position, report in made.items():
        then = queries.report(store, QUESTION, position, LAYOUTS)
        assert report.tables == then.tables


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"event":', b'"evnet":'),
        (b'"recorded_at":"2', b'"recorded_at":2'),
        (b'"accounting_date":"2', b'"accounting_date":"x'),
        (b'"amounts_ore":[', b'"amounts_ore":[1,'),
    ],
)
def test_a_damaged_voucher_is_told_with_its_position(data: Path, before: bytes, after: bytes) -> None:
    with forged(data / "varend.sqlite") as connection:
        (position,) = connection.execute(
            "SELECT max(originator_version) FROM stored_events WHERE topic = 'supplier_invoice.received'"
        ).fetchone()
        (state,) = connection.execute(
            "SELECT state FROM stored_events WHERE originator_version = ?", (position,)
        ).fetchone()
        assert before in state
        connection.execute(
            "UPDATE stored_events SET state = ? WHERE originator_version = ?",
            (state.replace(before, after, 1), position),
        )
    with open_shelf(data, MAPPER) as shelf:
        store = shelf.open("varend")
        for ask in (partial(asked, store, None), partial(replayed, store)):
            with pytest.raises(DamagedEvent) as damaged:
                ask()
            assert damaged.value.facts["position"] == position


def test_the_command_line_uses_it_and_proving_does_not(
    store: BookStore[AnyEvent],
    place: str,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, database = (tmp_path, place) if in_postgres(place) else (Path(place), "")
    monkeypatch.setenv("GRUNDBOK_POSTGRES", database)
    file = model_file(Settings(data=data, postgres=database or None), "varend")._path
    grundbok = runner(data, capfdbinary, monkeypatch)
    question = ("report", "interim", "--book", "varend", "--as-of", "2017-T2", "--known-at", "2017-10-20")
    first, second = grundbok(*question), grundbok(*question)
    assert file.is_file()
    assert first == second
    assert first.code == 0
    file.write_bytes(b"spoiled")

    assert verify(store, MAPPER).faults == ()
    assert file.read_bytes() == b"spoiled"


def test_books_of_a_database_have_files_of_their_own() -> None:
    here, there = (
        Settings(data=Path("books")),
        Settings(data=Path("books"), postgres="postgresql://somewhere"),
    )

    paths = {model_file(settings, "varend")._path for settings in (here, there)}

    assert len(paths) == 2
    assert all(path.is_relative_to(Path("books") / FOLDER) for path in paths)
    assert not any("somewhere" in str(path) for path in paths)


def test_gives_up_on_the_read_model_after_trying_anew(
    store: BookStore[AnyEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def unusable(*_: object) -> None:
        tried.append(1)
        raise ModelUnusable("never")

    monkeypatch.setattr(read_models.KeptModel, "catch_up", unusable)

    assert asked(store, None) == replayed(store)
    assert len(tried) == live_book.ATTEMPTS


def test_every_question_is_answered_without_a_read_model(
    store: BookStore[AnyEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    today = date(2026, 11, 22)
    usable = LiveBook(store)
    expected = (usable.catch_up(), usable.latest(today, LAYOUTS), usable.latest_date(today), asked(store, None))

    def unusable(_: object) -> None:
        raise ModelUnusable("never")

    monkeypatch.setattr(read_models.KeptModel, "catch_up", unusable)
    live = LiveBook(store)

    assert (live.catch_up(), live.latest(today, LAYOUTS), live.latest_date(today), asked(store, None)) == expected
    assert live.latest_date(today) == date(2017, 12, 31)
