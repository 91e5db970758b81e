"""The recorder alone: rows that are ready, into the tables of a book with all that guards them."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import msgspec
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_ingest import BATCH, VOUCHERS, VOUCHERS_SMOKE, ingest_file, timed
from benchmarks.process import run
from benchmarks.raw import Row, copy_into_postgres, insert_into_sqlite, stored_rows
from benchmarks.synthetic import messages
from domain.catalogue import AnyEvent
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.positioned import Batch, Identity
from services.event_store.recorder import BookRecorder
from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from services.event_store.store import StoredBook
from tests.servers.postgres import running_postgres

RUNS = 3


APART = """
import sys
from pathlib import Path
import msgspec
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.positioned import Batch
from services.event_store.shelves import open_shelf
with open_shelf(sys.argv[1], catalogue_mapper()) as shelf:
    with shelf.open("apart")._lent() as application:
        for file in sorted(Path(sys.argv[2]).iterdir()):
            application.book.append(msgspec.msgpack.decode(file.read_bytes(), type=Batch))
"""
"""A process that records batches out of files, and holds one of them at a time."""


def batches(rows: list[Row], identities: list[Identity]) -> Iterator[Batch]:
    """Iterate over the batches of rows, with the identities of their messages if there are any."""
    for start in range(0, len(rows), BATCH):
        stream, position, _, _ = rows[start]
        some = rows[start : start + BATCH]
        topics, states = [row[2] for row in some], [row[3] for row in some]
        yield Batch(stream, position - 1, topics, states, identities[start : start + BATCH])


def append(recorder: BookRecorder, rows: list[Row], identities: list[Identity]) -> None:
    """Append rows, a transaction a batch."""
    for batch in batches(rows, identities):
        recorder.append(batch)


def megabytes(shelf: BookShelf[AnyEvent], place: str, folder: Path, appended: Iterable[Batch]) -> float:
    """Return the most memory of a process that does nothing but append."""
    files = folder / "batches"
    files.mkdir()
    for batch in appended:
        (files / f"{batch.after:09}").write_bytes(msgspec.msgpack.encode(batch))
    book = shelf.create("apart")
    cost = run(APART, place, str(files))
    assert book.head() == batch.after + len(batch.states)
    return cost.megabytes


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
        most = megabytes(shelf, place, folder, batches(rows, identities))
    benchmark.pedantic(lambda: None, rounds=1, iterations=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, {'with' if identified else 'without'} identities, {BATCH} a transaction",
        ours=round(len(rows) / median(ours)),
        limit=round(len(rows) / median(limits)),
        unit="rows/s",
        ratio=round(median(limits) / median(ours), 3),
        megabytes=round(most),
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
