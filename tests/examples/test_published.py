"""The main job: from the messages in `examples/`, each book gives back its published document, cell by cell."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from domain.catalogue import AnyEvent
from projections.compare import Comparison, Published
from projections.report import Question
from projections.table import Report
from services.application import queries
from services.application.ingest import ingest
from services.application.writer import BookWriter
from services.clock import SystemClock
from services.contract.answers import Receipt
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import MemoryShelf
from services.event_store.store import BookStore

EXAMPLES = Path(__file__).parents[2] / "examples"
BOOKS = ("harnosand-timra", "helsingborg", "landskrona-svalov", "staffanstorp", "varend")
LAYOUTS = queries.Layouts()


@pytest.fixture(scope="module")
def shelf() -> Iterator[MemoryShelf[AnyEvent]]:
    with MemoryShelf(catalogue_mapper()) as shelf:
        for book in BOOKS:
            writer = BookWriter(shelf.create(book), SystemClock())
            for answers in ingest(writer, files_of(book)):
                assert all(isinstance(answer, Receipt) for answer in answers), answers
        yield shelf


def files_of(book: str) -> list[str]:
    return sorted(str(path) for path in (EXAMPLES / book).glob("*.jsonl"))


def document_of(book: str) -> Published:
    return msgspec.convert(tomllib.loads((EXAMPLES / book / "published.toml").read_text()), Published)


def compared(store: BookStore[AnyEvent]) -> tuple[Report, Comparison]:
    return queries.comparison(store, document_of(store.name), None, LAYOUTS)


@pytest.mark.parametrize(
    ("book", "figures", "matched"),
    [
        ("harnosand-timra", 114, 114),
        ("helsingborg", 108, 108),
        ("landskrona-svalov", 37, 37),
        ("staffanstorp", 67, 64),
        ("varend", 45, 45),
    ],
)
def test_gives_back_every_figure(shelf: MemoryShelf[AnyEvent], book: str, figures: int, matched: int) -> None:
    _, found = compared(shelf.open(book))

    assert (found.figures, found.matched) == (figures, matched)
    assert found.unexplained == ()
    assert len(found.deviations) == figures - matched


def test_names_the_three_places_that_staffanstorp_printed_wrong(shelf: MemoryShelf[AnyEvent]) -> None:
    _, found = compared(shelf.open("staffanstorp"))

    assert [(row.line, row.column, row.published, row.computed) for row in found.deviations] == [
        ("s_kost", "Budget helår 2023", "-2437748", "-2437719"),
        ("s_kost", "Prognos helår 2023", "-2926519", "-2926516"),
        ("fin", "Utfall 2023-08-31", "-335", "-338"),
    ]


@pytest.mark.parametrize("book", BOOKS)
def test_prints_titles_headings_labels_and_order_as_published(shelf: MemoryShelf[AnyEvent], book: str) -> None:
    made, _ = compared(shelf.open(book))
    printed = tomllib.loads((EXAMPLES / book / "published.toml").read_text())

    expected = [
        (
            table["id"],
            table["title"],
            tuple(table["columns"]),
            [(line["id"], line["label"], line["kind"]) for line in table["lines"]],
        )
        for table in printed["table"]
    ]
    assert expected == [
        (table.id, table.title, table.columns, [(line.id, line.label, line.kind) for line in table.lines])
        for table in made.tables
    ]


@pytest.mark.parametrize("book", BOOKS)
def test_leaves_no_remark_in_a_published_report(shelf: MemoryShelf[AnyEvent], book: str) -> None:
    made, _ = compared(shelf.open(book))

    assert [remark for table in made.tables for remark in table.remarks] == []


def test_computes_accrued_and_prepaid_contributions_of_varend(shelf: MemoryShelf[AnyEvent]) -> None:
    """355 and 178 tkr are nowhere in the messages: they follow from what was agreed and what was invoiced."""
    typed_in = "".join(Path(file).read_text() for file in files_of("varend"))
    assert '"account":1780' not in typed_in
    assert '"account":2970' not in typed_in

    store = shelf.open("varend")
    made = queries.report(store, Question(name="interim", as_of=date(2017, 8, 31)), None, LAYOUTS)

    assert made.table("not4").amount(made.table("not4").line("uppl_insats"), 0) == "355"
    assert made.table("not6").amount(made.table("not6").line("forutb_insats"), 0) == "178"


def test_contradicts_the_claims_that_the_figures_contradict(shelf: MemoryShelf[AnyEvent]) -> None:
    for book in BOOKS:
        document = document_of(book)
        agrees = {claim.text: claim.agrees for claim in document.claim}
        _, found = compared(shelf.open(book))
        for claim in found.claims:
            assert (claim.verdict == "agrees") == agrees[claim.text], claim


@pytest.mark.parametrize("book", BOOKS)
def test_marks_every_message_as_reconstructed(book: str) -> None:
    for file in files_of(book):
        for line in Path(file).read_text().splitlines():
            assert msgspec.json.decode(line)["source"].endswith(":reconstructed")
