"""Replay: from the stored events of a book to a trial balance, as of a date, known at a position, on one core.

`GRUNDBOK_BENCH_VOUCHERS` says how many vouchers (100 000; a million takes a minute to ingest first).
"""

import os
from datetime import date
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_ingest import FOUNDING, ingest_file, timed
from benchmarks.process import GRUNDBOK, READ_ROWS, run, typical
from benchmarks.synthetic import YEAR, messages
from projections.report import Question
from services.application import queries
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf

VOUCHERS, VOUCHERS_SMOKE = 100_000, 1_000
RUNS = 5
AS_OF = date(YEAR, 8, 31)


def vouchers_asked(benchmark: BenchmarkFixture) -> int:
    """Return how many vouchers a book is measured with."""
    return int(os.environ.get("GRUNDBOK_BENCH_VOUCHERS", VOUCHERS)) if benchmark.enabled else VOUCHERS_SMOKE


def make_book(folder: Path, vouchers: int) -> Path:
    """Make the book `bench` in a directory and return the directory."""
    file, data = folder / "messages.jsonl", folder / "books"
    with file.open("wb") as lines:
        lines.writelines(messages(vouchers))
    ingest_file(file, data)
    file.unlink()
    return data


@pytest.mark.benchmark(group="replay")
def bench_a_cold_process_from_events_to_a_printed_trial_balance(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How long from starting a program to a printed trial balance, against a program that only reads the rows?"""
    vouchers = vouchers_asked(benchmark)
    data = make_book(tmp_path, vouchers)
    printed = tmp_path / "printed"
    known_at = f"#{vouchers + FOUNDING}"
    asked = ("report", "trial-balance", "--book", "bench", "--as-of", str(AS_OF), "--known-at", known_at, "--replay")
    runs = RUNS if benchmark.enabled else 1

    # In turns, so that what else the machine does meets both.
    pairs = [
        (run(READ_ROWS, str(data)), run(GRUNDBOK, *asked, "--data", str(data), output=printed)) for _ in range(runs)
    ]
    benchmark.pedantic(run, (GRUNDBOK, *asked, "--data", str(data)), rounds=1)  # type: ignore[no-untyped-call]

    assert f"Saldobalans {AS_OF}" in printed.read_text("utf-8")
    assert not (data / ".cache" / "bench.ledger").exists()
    limit, ours = (typical(list(costs)) for costs in zip(*pairs, strict=True))
    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, cold process to printed trial balance; limit: cold process reads the rows",
        unit="s",
        ours=round(ours.seconds, 3),
        limit=round(limit.seconds, 3),
        ratio=round(ours.seconds / limit.seconds, 2),
        ratio_of_processor_time=round(ours.processor_seconds / limit.processor_seconds, 2),
        megabytes=round(ours.megabytes),
        vouchers_per_second=round(vouchers / ours.seconds),
    )


@pytest.mark.benchmark(group="replay")
@pytest.mark.parametrize("report", ["trial-balance", "annual"])
def bench_replay_to_a_report(benchmark: BenchmarkFixture, tmp_path: Path, report: str) -> None:
    """How long does a report take from the events, in a program that runs, against only reading their rows?"""
    vouchers = vouchers_asked(benchmark)
    with open_shelf(make_book(tmp_path, vouchers), catalogue_mapper()) as shelf:
        store = shelf.open("bench")
        question = Question(name=report, as_of=AS_OF)

        def read() -> None:
            after = 0
            while page := store.read(after, 2000):
                after = page[-1][0]

        def replay() -> None:
            assert queries.report(store, question, None, queries.Layouts()).position == vouchers + FOUNDING

        pairs = [(timed(read), timed(replay)) for _ in range(RUNS if benchmark.enabled else 1)]
        benchmark.pedantic(replay, rounds=1)  # type: ignore[no-untyped-call]

    limit, ours = (min(seconds) for seconds in zip(*pairs, strict=True))
    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, warm process to {report}; limit: reads the rows",
        unit="s",
        ours=round(ours, 3),
        limit=round(limit, 5),
        ratio=round(ours / limit, 2),
        vouchers_per_second=round(vouchers / ours),
    )


@pytest.mark.benchmark(group="replay")
@pytest.mark.parametrize("report", ["journal", "general-ledger"])
def bench_a_cold_process_to_every_voucher(benchmark: BenchmarkFixture, tmp_path: Path, report: str) -> None:
    """How long from starting a program to a file with every posting, against a program that only reads the rows?"""
    vouchers = min(vouchers_asked(benchmark), VOUCHERS)  # a larger book is not printed whole
    data, printed = make_book(tmp_path, vouchers), tmp_path / "printed.csv"
    asked = ("report", report, "--book", "bench", "--as-of", f"{YEAR}-12-31", "-O", "csv", "-o", str(printed))

    pairs = [
        (run(READ_ROWS, str(data)), run(GRUNDBOK, *asked, "--data", str(data)))
        for _ in range(RUNS if benchmark.enabled else 1)
    ]
    benchmark.pedantic(run, (GRUNDBOK, *asked, "--data", str(data)), rounds=1)  # type: ignore[no-untyped-call]

    limit, ours = (typical(list(costs)) for costs in zip(*pairs, strict=True))
    with printed.open("rb") as rows:
        postings = sum(1 for _ in rows) - 1
    assert postings > 3 * vouchers
    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, cold process to {report} as CSV; limit: cold process reads the rows",
        unit="s",
        ours=round(ours.seconds, 3),
        limit=round(limit.seconds, 3),
        ratio=round(ours.seconds / limit.seconds, 2),
        megabytes=round(ours.megabytes),
        rows=postings,
    )
