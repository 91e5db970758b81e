"""Ingestion: from the bytes of a file of messages to events on disk."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.synthetic import messages
from services.application.ingest import ingest
from services.application.writer import BookWriter
from services.clock import SystemClock
from services.contract.answers import Receipt
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf

VOUCHERS = 100_000
VOUCHERS_SMOKE = 2_000
BATCH = 1_000


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds the work takes."""
    started = perf_counter()
    work()
    return perf_counter() - started


def ingest_file(file: Path, data: Path) -> int:
    """Ingest a file into a new SQLite book, durably; return how many messages got a receipt."""
    with open_shelf(str(data), catalogue_mapper()) as shelf:
        writer = BookWriter(shelf.create("bench"), SystemClock())
        return sum(isinstance(answer, Receipt) for answers in ingest(writer, [str(file)]) for answer in answers)


def stored_bytes(data: Path) -> list[tuple[str, int, str, bytes]]:
    """Return the rows of a book as they stand on disk."""
    (file,) = data.glob("*.sqlite*")
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        return connection.execute(
            "SELECT originator_id, originator_version, topic, state FROM stored_events"
        ).fetchall()


def insert_raw(rows: list[tuple[str, int, str, bytes]], file: Path) -> None:
    """Insert the same rows with `executemany`, a transaction a batch, as durably: the limit of this disk."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE raw (stream TEXT, version INTEGER, topic TEXT, state BLOB, PRIMARY KEY (stream, version))"
    )
    for start in range(0, len(rows), BATCH):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO raw VALUES (?,?,?,?)", rows[start : start + BATCH])
        connection.execute("COMMIT")
    connection.close()


@pytest.mark.benchmark(group="ingest")
def bench_ingest_from_file_to_disk(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How fast do messages become events on disk, against inserting the same bytes?"""
    vouchers = VOUCHERS if benchmark.enabled else VOUCHERS_SMOKE
    file = tmp_path / "messages.jsonl"
    file.write_bytes(b"".join(messages(vouchers)))
    data = tmp_path / "books"

    def work() -> float:
        return timed(lambda: ingest_file(file, data))

    seconds = benchmark.pedantic(work, rounds=1, iterations=1)  # type: ignore[no-untyped-call]

    rows = stored_bytes(data)
    assert len(rows) == vouchers + 22
    raw = timed(lambda: insert_raw(rows, tmp_path / "raw.sqlite"))
    benchmark.extra_info.update(
        vouchers=vouchers, vouchers_per_second=round(vouchers / seconds), ratio_to_raw_insert=round(raw / seconds, 3)
    )
