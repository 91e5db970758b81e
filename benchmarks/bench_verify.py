"""Proof: from starting `grundbok verify` to its verdict on a book, each row of which it reads, decodes and recounts."""

from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_ingest import ingest_file
from benchmarks.bench_replay import vouchers_asked
from benchmarks.process import GRUNDBOK, READ_ROWS, run, typical
from benchmarks.synthetic import messages
from tests.servers.postgres import running_postgres

RUNS = 3


def compare(benchmark: BenchmarkFixture, place: str, folder: Path) -> None:
    """Prove a book of a place, by turns with only reading its rows, each in a process of its own."""
    vouchers, runs = vouchers_asked(benchmark), RUNS if benchmark.enabled else 1
    file, printed = folder / "messages.jsonl", folder / "printed"
    with file.open("wb") as lines:
        lines.writelines(messages(vouchers))
    ingest_file(file, place)
    asked = ("verify", "--book", "bench", "--lang", "en")

    pairs = [(run(READ_ROWS, place), run(GRUNDBOK, *asked, output=printed)) for _ in range(runs)]
    benchmark.pedantic(run, (GRUNDBOK, *asked), rounds=1)  # type: ignore[no-untyped-call]

    told = printed.read_text("utf-8")
    assert f" {vouchers} vouchers," in told
    assert told.endswith("the book is right\n")
    limit, ours = (typical(list(costs)) for costs in zip(*pairs, strict=True))
    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, cold process to the verdict; limit: cold process reads the rows",
        unit="vouchers/s",
        ours=round(vouchers / ours.seconds),
        limit=round(vouchers / limit.seconds),
        ratio=round(limit.seconds / ours.seconds, 4),
        megabytes=round(ours.megabytes),
        seconds=round(ours.seconds, 2),
        megabytes_reading=round(limit.megabytes),
    )


@pytest.mark.benchmark(group="verify")
def bench_verify_in_sqlite(benchmark: BenchmarkFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast is a book in SQLite proved from its stored bytes, against only reading its rows?"""
    place = str(tmp_path / "books")
    monkeypatch.setenv("GRUNDBOK_DATA", place)
    monkeypatch.delenv("GRUNDBOK_POSTGRES", raising=False)
    compare(benchmark, place, tmp_path)


@pytest.mark.server
@pytest.mark.benchmark(group="verify")
def bench_verify_in_postgres(benchmark: BenchmarkFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast is a book in PostgreSQL proved from its stored bytes, against only reading its rows?"""
    with running_postgres() as dsn:
        monkeypatch.setenv("GRUNDBOK_DATA", str(tmp_path / "none"))
        monkeypatch.setenv("GRUNDBOK_POSTGRES", dsn)
        compare(benchmark, dsn, tmp_path)
