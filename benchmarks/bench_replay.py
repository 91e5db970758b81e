"""Replay: from the stored events of a book to a report."""

from datetime import date
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_ingest import ingest_file, timed
from benchmarks.synthetic import YEAR, messages
from projections.report import Question
from services.application import queries
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf

VOUCHERS = 50_000
VOUCHERS_SMOKE = 1_000
QUESTION = Question(name="trial-balance", as_of=date(YEAR, 12, 31))


@pytest.mark.benchmark(group="replay")
def bench_replay_to_a_trial_balance(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How long does a trial balance take from nothing but the events, against only reading their rows?"""
    vouchers = VOUCHERS if benchmark.enabled else VOUCHERS_SMOKE
    file = tmp_path / "messages.jsonl"
    file.write_bytes(b"".join(messages(vouchers)))
    ingest_file(file, tmp_path / "books")
    with open_shelf(str(tmp_path / "books"), catalogue_mapper()) as shelf:
        store = shelf.open("bench")

        def read() -> int:
            after = 0
            while page := store.read(after, 2000):
                after = page[-1][0]
            return after

        def report() -> None:
            made = queries.report(store, QUESTION, None, queries.Layouts())
            total = made.table("trial-balance").line("sum")
            assert [cell.amount_ore for cell in total.cells] == [0, 0, 0]

        rows = min(timed(read) for _ in range(3))
        seconds = benchmark.pedantic(lambda: timed(report), rounds=1, iterations=1)  # type: ignore[no-untyped-call]

    benchmark.extra_info.update(
        vouchers=vouchers, vouchers_per_second=round(vouchers / seconds), ratio_to_reading_rows=round(rows / seconds, 3)
    )
