"""The five example books: all reports of all of them, as a reader of the published documents asks."""

import tomllib
from datetime import date
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_ingest import timed
from projections.report import Question, names
from services.application import queries
from services.application.ingest import ingest
from services.application.live_book import LiveBook
from services.application.writer import BookWriter
from services.clock import SystemClock
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf

EXAMPLES = Path(__file__).parent.parent / "examples"
RUNS = 3


@pytest.mark.benchmark(group="five books")
def bench_all_reports_of_the_five_books(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How long do all reports of the five books take, each book read from its events once?"""
    published = sorted(EXAMPLES.glob("*/published.toml"))
    days = {
        file.parent.name: date.fromisoformat(tomllib.loads(file.read_text("utf-8"))["period"][1]) for file in published
    }
    with open_shelf(tmp_path, catalogue_mapper()) as shelf:
        stores = {book: shelf.create(book) for book in days}
        for book, store in stores.items():
            files = sorted(str(file) for file in (EXAMPLES / book).glob("*.jsonl"))
            list(ingest(BookWriter(store, SystemClock()), files))

        def ask() -> int:
            tables = 0
            for book, store in stores.items():
                live = LiveBook(store)
                layout = queries.book_layout(queries.facts_of(store, None), queries.Layouts())
                for name in names(layout):
                    tables += len(live.report(Question(name=name, as_of=days[book]), None, queries.Layouts()).tables)
            return tables

        tables = benchmark.pedantic(ask, rounds=1)  # type: ignore[no-untyped-call]
        seconds = min(timed(ask) for _ in range(RUNS if benchmark.enabled else 1))

    assert len(days) == 5
    benchmark.extra_info.update(
        what=f"all reports of the five books, {tables} tables",
        unit="s",
        ours=round(seconds, 3),
    )
