"""The recorder alone: rows that are ready, into the tables of a book with all that guards them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_ingest import BATCH, VOUCHERS, VOUCHERS_SMOKE, ingest_file, timed
from benchmarks.raw import Row, copy_into_postgres, insert_into_sqlite, stored_rows
from benchmarks.synthetic import messages
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.positioned import Batch, Identity
from services.event_store.recorder import BookRecorder
from services.event_store.shelves import open_shelf
from services.event_store.store import StoredBook
from tests.servers.postgres import running_postgres

RUNS = 3


def append(recorder: BookRecorder, rows: list[Row], identities: list[Identity]) -> None:
    """Append rows, and the identities of their messages if there are any, a transaction a batch."""
    for start in range(0, len(rows), BATCH):
        stream, position, _, _ = rows[start]
        some = rows[start : start + BATCH]
        topics, states = [row[2] for row in some], [row[3] for row in some]
        recorder.append(Batch(stream, position - 1, topics, states, identities[start : start + BATCH]))


def compare(
    benchmark: BenchmarkFixture, place: str, raw: Callable[[list[Row]], None], folder: Path, *, identified: bool
) -> None:
    """Append the rows of a synthetic book to an empty one, by turns with writing them without anything of ours."""
    vouchers = VOUCHERS if benchmark.enabled else VOUCHERS_SMOKE
    file = folder / "messages.jsonl"
    file.write_bytes(b"".join(messages(vouchers)))
    ingest_file(file, folder / "source")
    with open_shelf(folder / "source", catalogue_mapper()) as source:
        store = source.open("bench")
        rows = stored_rows(store)
        identities = sorted(store.all_identities(), key=lambda one: one.position) if identified else []
    ours, limits = [], []
    with open_shelf(place, catalogue_mapper()) as shelf:
        for number in range(RUNS):
            book = shelf.create(f"bench-{number}")
            assert isinstance(book, StoredBook)
            with book.writing(), book._lent() as application:  # noqa: SLF001 - the recorder without the store
                ours.append(timed(partial(append, application.book, rows, identities)))
            assert book.head() == len(rows)
            assert len(book.all_identities()) == len(identities)
            limits.append(timed(partial(raw, rows)))
    benchmark.pedantic(lambda: None, rounds=1, iterations=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, {'with' if identified else 'without'} identities, {BATCH} a transaction",
        ours=round(len(rows) / median(ours)),
        limit=round(len(rows) / median(limits)),
        unit="rows/s",
        ratio=round(median(limits) / median(ours), 3),
    )


@pytest.mark.benchmark(group="recorder")
@pytest.mark.parametrize("identified", [False, True])
def bench_append_to_sqlite(benchmark: BenchmarkFixture, tmp_path: Path, *, identified: bool) -> None:
    """How much of SQLite's speed is left by the version check, the triggers and the identities?"""
    raw = partial(insert_into_sqlite, file=tmp_path / "raw.sqlite", batch=BATCH)
    compare(benchmark, str(tmp_path / "books"), raw, tmp_path, identified=identified)


@pytest.mark.server
@pytest.mark.benchmark(group="recorder")
@pytest.mark.parametrize("identified", [False, True])
def bench_append_to_postgres(benchmark: BenchmarkFixture, tmp_path: Path, *, identified: bool) -> None:
    """How much of PostgreSQL's binary COPY is left by the version check, the triggers and the identities?"""
    with running_postgres() as dsn:
        raw = partial(copy_into_postgres, dsn=dsn, batch=BATCH)
        compare(benchmark, dsn, raw, tmp_path, identified=identified)
