"""Ingestion: from the bytes of a file of messages to events on disk."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.process import run
from benchmarks.raw import Row, copy_into_postgres, insert_into_sqlite, stored_rows
from benchmarks.synthetic import messages
from services.application.ingest import ingest
from services.application.writer import BookWriter
from services.clock import SystemClock
from services.contract.answers import Receipt
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from tests.servers.postgres import running_postgres

VOUCHERS, VOUCHERS_SINGLY, VOUCHERS_SMOKE = 100_000, 3_000, 200
BATCH = 1_000
ROUNDS = 3
"""By turns, since other work on the machine hits now the one and now the other."""
FOUNDING = 22
"""Messages that come before the vouchers."""

INGEST = """
import sys
from services.application.ingest import ingest
from services.application.writer import BookWriter
from services.clock import SystemClock
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
file, place, batch = sys.argv[1:]
with open_shelf(place, catalogue_mapper()) as shelf:
    for _ in ingest(BookWriter(shelf.create("peak"), SystemClock()), [file], batch_messages=int(batch)):
        pass
"""
"""Ingests a file once more, by a program of its own, for the memory it takes."""

Raw = Callable[[list[Row]], None]


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds the work takes."""
    started = perf_counter()
    work()
    return perf_counter() - started


def ingest_file(file: Path, place: str | Path, *, batch: int = BATCH, book: str = "bench") -> int:
    """Ingest a file into a new book, durably; return how many messages got a receipt."""
    with open_shelf(place, catalogue_mapper()) as shelf:
        writer = BookWriter(shelf.create(book), SystemClock())
        answered = ingest(writer, [str(file)], batch_messages=batch)
        return sum(isinstance(answer, Receipt) for answers in answered for answer in answers)


def compare(benchmark: BenchmarkFixture, place: str | Path, raw: Raw, folder: Path, batch: int) -> None:
    """Ingest vouchers in batches of a size, by turns with writing the rows they become without anything of ours."""
    full = VOUCHERS if batch > 1 else VOUCHERS_SINGLY
    vouchers = full if benchmark.enabled else VOUCHERS_SMOKE
    file = folder / "messages.jsonl"
    file.write_bytes(b"".join(messages(vouchers)))
    ours: list[float] = []
    limits: list[float] = []

    def work() -> None:
        book = f"bench-{len(ours)}"
        ours.append(timed(lambda: ingest_file(file, place, batch=batch, book=book)))
        with open_shelf(place, catalogue_mapper()) as shelf:
            rows = stored_rows(shelf.open(book))
        assert len(rows) == vouchers + FOUNDING
        limits.append(timed(lambda: raw(rows)))

    benchmark.pedantic(work, rounds=ROUNDS, iterations=1)  # type: ignore[no-untyped-call]

    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, {batch} a transaction",
        ours=round(vouchers / median(ours)),
        limit=round(vouchers / median(limits)),
        unit="vouchers/s",
        ratio=round(median(limits) / median(ours), 3),
        megabytes=round(run(INGEST, str(file), str(place), str(batch)).megabytes),
    )


@pytest.mark.benchmark(group="ingest")
@pytest.mark.parametrize("batch", [BATCH, 1])
def bench_ingest_into_sqlite(benchmark: BenchmarkFixture, tmp_path: Path, batch: int) -> None:
    """How fast do messages become events on disk in SQLite, against inserting the same bytes?"""
    raw = partial(insert_into_sqlite, file=tmp_path / "raw.sqlite", batch=batch)
    compare(benchmark, tmp_path / "books", raw, tmp_path, batch)


@pytest.mark.server
@pytest.mark.benchmark(group="ingest")
@pytest.mark.parametrize("batch", [BATCH, 1])
def bench_ingest_into_postgres(benchmark: BenchmarkFixture, tmp_path: Path, batch: int) -> None:
    """How fast do messages become events on disk in PostgreSQL, against copying the same bytes in binary?"""
    with running_postgres() as dsn:
        compare(benchmark, dsn, partial(copy_into_postgres, dsn=dsn, batch=batch), tmp_path, batch)
