"""Cost: bytes on disk for a voucher, memory for a million postings, and what starting the program takes."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_ingest import FOUNDING
from benchmarks.bench_queries import POSTINGS_OF_A_VOUCHER
from benchmarks.bench_replay import make_book, vouchers_asked
from benchmarks.process import GRUNDBOK, NOTHING, run, typical
from services.application.live_book import LiveBook
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.model_file import ModelFile
from services.event_store.shelves import open_shelf

RUNS = 9

LOADED = """
import sys
from benchmarks.bench_queries import read_model
read_model(int(sys.argv[1])).history(1)
"""
"""A process that holds the read model of so many postings, every block and cube of it."""


class OnDisk(NamedTuple):
    """Bytes on disk: of the events alone, of the book that has them, of its read model."""

    events: int
    book: int
    model: int


def on_disk(data: Path, vouchers: int) -> OnDisk:
    """Return what a book of so many vouchers takes, having made its read model."""
    kept = data / "bench.ledger"
    with open_shelf(data, catalogue_mapper()) as shelf:
        assert LiveBook(shelf.open("bench"), ModelFile(kept)).catch_up() == vouchers + FOUNDING
    with closing(sqlite3.connect(data / "bench.sqlite")) as connection:
        (events,) = connection.execute("SELECT sum(length(state)) FROM stored_events").fetchone()
    return OnDisk(events, (data / "bench.sqlite").stat().st_size, kept.stat().st_size if kept.exists() else 0)


@pytest.mark.benchmark(group="cost")
def bench_bytes_on_disk_for_a_voucher(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How much does a voucher take on disk: its event, the indexes, the read model?"""
    vouchers = vouchers_asked(benchmark)
    data = make_book(tmp_path, vouchers)

    taken = benchmark.pedantic(on_disk, (data, vouchers), rounds=1)  # type: ignore[no-untyped-call]

    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, bytes on disk for each; limit: the bytes of its event",
        unit="bytes",
        ours=round((taken.book + taken.model) / vouchers),
        limit=round(taken.events / vouchers),
        ratio=round((taken.book + taken.model) / taken.events, 2),
        event=round(taken.events / vouchers),
        rows_and_indexes=round((taken.book - taken.events) / vouchers),
        read_model=round(taken.model / vouchers),
    )


def megabytes_for_a_million(few: int, many: int) -> float:
    """Return the memory of a million postings more, by that of a process that holds few and of one that holds many."""
    small, large = run(LOADED, str(few)), run(LOADED, str(many))
    return (large.megabytes - small.megabytes) / (many - few) * 1_000_000


@pytest.mark.benchmark(group="cost")
def bench_memory_for_a_million_postings(benchmark: BenchmarkFixture) -> None:
    """How much memory does a live book hold for each million postings, when every part of its read model is loaded?"""
    few, many = (200_000, 1_200_000) if benchmark.enabled else (10_000, 20_000)

    grown = benchmark.pedantic(megabytes_for_a_million, (few, many), rounds=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info.update(
        what="1000000 postings more, memory; limit: position, day, key and amount of each",
        unit="MB",
        ours=round(grown, 1),
        limit=20,
        ratio=round(grown / 20, 2),
        vouchers=round(1_000_000 / POSTINGS_OF_A_VOUCHER),
    )


@pytest.mark.benchmark(group="cost")
def bench_starting_the_program(benchmark: BenchmarkFixture) -> None:
    """How long does `grundbok --help` take, against starting Python?"""
    runs = RUNS if benchmark.enabled else 1

    pairs = [(run(NOTHING), run(GRUNDBOK, "--help")) for _ in range(runs)]
    benchmark.pedantic(run, (GRUNDBOK, "--help"), rounds=1)  # type: ignore[no-untyped-call]

    nothing, ours = (typical(list(costs)) for costs in zip(*pairs, strict=True))
    benchmark.extra_info.update(
        what="grundbok --help; limit: starting Python",
        unit="ms",
        ours=round(ours.seconds * 1000),
        limit=round(nothing.seconds * 1000),
        ratio=round(ours.seconds / nothing.seconds, 2),
    )
